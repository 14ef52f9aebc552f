import type { FrameLimits } from "./settings.ts";

/** What the watch over a connection needs of it. */
export interface KeepAliveOwner {
	/** Whether calls are open: only then does silence matter. */
	busy(): boolean;
	ping(): void;
	lost(message: string): void;
}

/**
 * Notices when the other side is gone without a word: asks after one interval of silence while calls are open,
 * gives up after the next. One timer a connection, none while it is idle.
 */
export class KeepAlive {
	readonly #limits: FrameLimits;
	readonly #owner: KeepAliveOwner;
	#interval: ReturnType<typeof setInterval> | undefined;
	#handshake: ReturnType<typeof setTimeout> | undefined;
	#heard = true;
	#asked = false;

	constructor(limits: FrameLimits, owner: KeepAliveOwner) {
		this.#limits = limits;
		this.#owner = owner;
	}

	/** The preface and SETTINGS of the other side have to come within their time. */
	awaitHandshake(): void {
		this.#handshake = setTimeout(
			() => this.#owner.lost("the other side did not answer with Allium frames in time"),
			this.#limits.handshakeMs,
		);
	}

	/** The handshake is done. */
	shaken(): void {
		clearTimeout(this.#handshake);
		this.#handshake = undefined;
	}

	/** A call has begun. */
	begin(): void {
		if (this.#interval !== undefined) return;
		this.#heard = true;
		this.#asked = false;
		this.#interval = setInterval(() => this.#tick(), this.#limits.keepAliveMs);
	}

	/** Bytes arrived. */
	heard(): void {
		this.#heard = true;
	}

	/** Ends for good. */
	stop(): void {
		this.shaken();
		clearInterval(this.#interval);
		this.#interval = undefined;
	}

	#tick(): void {
		if (!this.#owner.busy()) this.stop();
		else if (this.#heard) {
			this.#heard = false;
			this.#asked = false;
		} else if (!this.#asked) {
			this.#asked = true;
			this.#owner.ping();
		} else this.#owner.lost("the other side does not answer");
	}
}

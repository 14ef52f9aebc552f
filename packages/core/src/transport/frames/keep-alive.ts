import { after, every, type Timer } from "../../time/timer.ts";
import type { FrameLimits } from "./settings.ts";

/** What the watch over a connection needs of it. */
export interface KeepAliveOwner {
	/** Whether calls are open: only then does silence matter. */
	busy(): boolean;
	ping(): void;
	lost(message: string): void;
	/** There was no call for so long that the connection may end; undefined where it may not. */
	readonly idle: (() => void) | undefined;
}

/**
 * Notices when the other side is gone without a word: asks after one interval of silence while calls are open,
 * gives up after the next. Ends a connection without calls after a while. One timer a connection.
 */
export class KeepAlive {
	readonly #limits: FrameLimits;
	readonly #owner: KeepAliveOwner;
	#interval: Timer | undefined;
	#handshake: Timer | undefined;
	#idle: Timer | undefined;
	#heard = true;
	#asked = false;

	constructor(limits: FrameLimits, owner: KeepAliveOwner) {
		this.#limits = limits;
		this.#owner = owner;
	}

	/** The preface and SETTINGS of the other side have to come within their time. */
	awaitHandshake(): void {
		this.#handshake = after(this.#limits.handshakeMs, () =>
			this.#owner.lost("the other side did not answer with Allium frames in time"),
		);
	}

	/** The handshake is done. */
	shaken(): void {
		this.#handshake?.stop();
		this.#handshake = undefined;
	}

	/** No call is open: the connection is kept for a while. */
	rest(): void {
		const { idle } = this.#owner;
		if (idle !== undefined) this.#idle ??= after(this.#limits.idleMs, idle);
	}

	/** A call has begun. */
	begin(): void {
		if (this.#interval !== undefined) return;
		this.#wake();
		this.#heard = true;
		this.#asked = false;
		this.#interval = every(this.#limits.keepAliveMs, () => this.#tick());
	}

	/** Bytes arrived. */
	heard(): void {
		this.#heard = true;
	}

	/** Ends for good. */
	stop(): void {
		this.shaken();
		this.#wake();
		this.#interval?.stop();
		this.#interval = undefined;
	}

	#wake(): void {
		this.#idle?.stop();
		this.#idle = undefined;
	}

	#tick(): void {
		if (!this.#owner.busy()) {
			this.stop();
			this.rest();
		} else if (this.#heard) {
			this.#heard = false;
			this.#asked = false;
		} else if (!this.#asked) {
			this.#asked = true;
			this.#owner.ping();
		} else this.#owner.lost("the other side does not answer");
	}
}

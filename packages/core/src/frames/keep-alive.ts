import { after, every, type Timer } from "../time/timer.ts";
import type { FrameLimits } from "./settings.ts";

/** What the watch over a connection needs of it. */
export interface KeepAliveOwner {
	/** Whether calls are open. */
	busy(): boolean;
	ping(): void;
	lost(message: string): void;
	/** There was no call for so long that the connection may end. Undefined where it is kept, and watched while it is. */
	readonly idle: (() => void) | undefined;
	/** The other side did not answer soon after a call ran out of time: further calls are better off elsewhere. */
	readonly leave: (() => void) | undefined;
}

/**
 * Notices when the other side is gone without a word: asks after one interval of silence, gives up after the
 * next; asks at once when a call has run out of time. Ends a connection without calls after a while, where it may,
 * and does not watch over it meanwhile.
 */
export class KeepAlive {
	readonly #limits: FrameLimits;
	readonly #owner: KeepAliveOwner;
	#interval: Timer | undefined;
	#handshake: Timer | undefined;
	#idle: Timer | undefined;
	/** Set while the other side is asked because a call ran out of time. */
	#suspicion: Timer | undefined;
	/** Whether nothing came since then. */
	#suspected = false;
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
		if (idle === undefined) this.begin();
		else this.#idle ??= after(this.#limits.idleMs, idle);
	}

	/** It has to be watched: a call has begun, or it is kept without one. */
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
		this.#suspected = false;
	}

	/** A call ran out of time, perhaps because nobody is there any more. */
	suspect(): void {
		const { leave } = this.#owner;
		if (this.#suspicion !== undefined || leave === undefined) return;
		this.#suspected = true;
		this.#owner.ping();
		this.#suspicion = after(this.#limits.suspectMs, () => {
			this.#suspicion = undefined;
			if (this.#suspected) leave();
		});
	}

	/** Ends for good. */
	stop(): void {
		this.shaken();
		this.#wake();
		this.#suspicion?.stop();
		this.#suspicion = undefined;
		this.#interval?.stop();
		this.#interval = undefined;
	}

	#wake(): void {
		this.#idle?.stop();
		this.#idle = undefined;
	}

	#tick(): void {
		if (this.#owner.idle !== undefined && !this.#owner.busy()) {
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

import { afterSilence } from "../time/silence.ts";
import { after, every, type Timer } from "../time/timer.ts";
import type { FrameLimits } from "./frame-limits.ts";

/** The side of a connection that its keep-alive uses. */
export interface KeepAliveOwner {
	/** Whether calls are open. */
	busy(): boolean;
	ping(): void;
	lost(message: string): void;
	/** There was no call for so long that the connection may end. Undefined where the connection is kept, and watched. */
	readonly idle: (() => void) | undefined;
	/** A call ran out of time, and the other side did not answer soon: further calls are better off elsewhere. */
	readonly leave: (() => void) | undefined;
}

/**
 * Notices when the other side is gone without a word. It sends a PING after one interval of silence and gives the
 * connection up after the next; when a call has run out of time, it sends the PING at once. Where it may, it ends a
 * connection that has been without calls for a while, and does not watch that connection meanwhile.
 */
export class KeepAlive {
	readonly #limits: FrameLimits;
	readonly #owner: KeepAliveOwner;
	#interval: Timer | undefined;
	#handshake: Timer | undefined;
	#idle: Timer | undefined;
	/** Set while an answer is awaited because a call ran out of time. */
	#suspicion: Timer | undefined;
	/** Whether nothing has come since then. */
	#suspected = false;
	#heard = true;
	#asked = false;

	constructor(limits: FrameLimits, owner: KeepAliveOwner) {
		this.#limits = limits;
		this.#owner = owner;
	}

	/** Gives the other side a limited time to send its preface and SETTINGS. */
	awaitHandshake(): void {
		this.#handshake = afterSilence(this.#limits.handshakeMs, () =>
			this.#owner.lost("the other side did not answer with Allium frames in time"),
		);
	}

	/** The handshake is done. */
	handshaken(): void {
		this.#handshake?.stop();
		this.#handshake = undefined;
	}

	/** No call is open: the connection is kept for a while. */
	rest(): void {
		const { idle } = this.#owner;
		if (idle === undefined) this.begin();
		else this.#idle ??= after(this.#limits.idleMs, idle);
	}

	/** Watches the connection: a call has begun, or the connection is kept without one. */
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

	/** A call ran out of time, perhaps because the other side is gone. */
	suspect(): void {
		const { leave } = this.#owner;
		if (this.#suspicion !== undefined || leave === undefined) return;
		this.#suspected = true;
		this.#owner.ping();
		this.#suspicion = afterSilence(this.#limits.suspectMs, () => {
			this.#suspicion = undefined;
			if (this.#suspected) leave();
		});
	}

	/** Ends for good. */
	stop(): void {
		this.handshaken();
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

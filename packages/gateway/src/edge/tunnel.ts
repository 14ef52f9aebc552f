import type { Duplex } from "node:stream";

/** How long a tunnel may go without a byte in either direction, in milliseconds. */
const idleTimeoutMs = 600_000;

/** How long the remaining bytes may take to go out after one side has ended, in milliseconds. */
const lingerMs = 5_000;

/** A connection of a tunnel. */
export interface TunnelEnd extends Duplex {
	setKeepAlive(enable: boolean, initialDelay?: number): unknown;
	destroySoon(): void;
}

/**
 * Two connections that carry the bytes of either side to the other, as fast as the other reads. They end together. When
 * one ends or breaks, the other gets the bytes that were sent before, and ends. When no byte is sent for ten minutes,
 * both end.
 */
export class Tunnel {
	readonly #ends: readonly [TunnelEnd, TunnelEnd];
	readonly #idle: ReturnType<typeof setTimeout>;
	#linger: ReturnType<typeof setTimeout> | undefined;

	/** @param onClose called once, when both have ended. */
	constructor(one: TunnelEnd, other: TunnelEnd, onClose: () => void) {
		this.#ends = [one, other];
		this.#idle = setTimeout(() => this.close(), idleTimeoutMs);
		let open = 2;
		for (const [end, opposite] of [
			[one, other],
			[other, one],
		] as const) {
			end.on("error", nothing);
			end.once("close", () => {
				this.#finish(opposite);
				open--;
				if (open > 0) return;
				clearTimeout(this.#idle);
				clearTimeout(this.#linger);
				onClose();
			});
			end.setKeepAlive(true, 30_000);
			end.on("data", () => this.#idle.refresh());
			end.pipe(opposite);
		}
	}

	/** Ends both at once. */
	close(): void {
		for (const end of this.#ends) end.destroy();
	}

	/** Lets the remaining bytes go out, for a limited time. */
	#finish(end: TunnelEnd): void {
		end.destroySoon();
		this.#linger ??= setTimeout(() => end.destroy(), lingerMs);
	}
}

function nothing(): void {}

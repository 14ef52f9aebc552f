import type { Context, Logger } from "@allium/core";
import { Backoff, clientClosed, unreachable } from "@allium/core/transport";
import { type AmqpAddress, placeOf } from "../amqp-url.ts";
import { CallingChannel } from "./calling-channel.ts";

/** The bounds of the delay between attempts to connect, in milliseconds. */
const redials = { firstMs: 50, longestMs: 5_000 };

/**
 * The connection over which a process calls. The first call opens it, and after it was lost the next call opens it
 * again. After a failure to connect, calls within the backoff fail at once. When nobody uses it, it is closed.
 */
export class CallLink {
	readonly #address: AmqpAddress;
	readonly #logger: Logger;
	readonly #backoff = new Backoff(redials);
	#current: CallingChannel | undefined;
	#connecting: Promise<CallingChannel> | undefined;
	#users = 0;
	#retryAt = 0;
	#lastFailure: unknown;

	constructor(address: AmqpAddress, logger: Logger) {
		this.#address = address;
		this.#logger = logger;
	}

	/** The connection, if there is one. */
	get current(): CallingChannel | undefined {
		return this.#current;
	}

	/** The time until which calls fail at once, on the clock of `performance.now()`. */
	get refusesUntil(): number {
		return this.#retryAt;
	}

	/**
	 * Uses the link until the returned function is called, which resolves when the connection is closed if this was the
	 * last use.
	 */
	use(): () => Promise<void> {
		this.#users++;
		let isUsed = true;
		return async () => {
			if (!isUsed) return;
			isUsed = false;
			if (--this.#users === 0) await this.#close();
		};
	}

	/** Resolves with the connection as soon as there is one; rejects when the context ends before. */
	opened(ctx: Context): Promise<CallingChannel> {
		return new Promise((resolve, reject) => {
			const unlisten = ctx["~cancellation"].listen(reject);
			this.#open().then(resolve, reject).finally(unlisten);
		});
	}

	#open(): Promise<CallingChannel> {
		if (this.#current !== undefined) return Promise.resolve(this.#current);
		if (this.#connecting !== undefined) return this.#connecting;
		if (performance.now() < this.#retryAt) return Promise.reject(this.#unreachable());
		this.#connecting = this.#connect().finally(() => {
			this.#connecting = undefined;
		});
		return this.#connecting;
	}

	async #connect(): Promise<CallingChannel> {
		let channel: CallingChannel;
		try {
			channel = await CallingChannel.open({
				address: this.#address,
				logger: this.#logger,
				onLost: (lost) => {
					if (this.#current === lost) this.#current = undefined;
				},
			});
		} catch (error) {
			this.#lastFailure = error;
			this.#retryAt = performance.now() + this.#backoff.next();
			throw this.#unreachable();
		}
		if (this.#users === 0) {
			await channel.close();
			throw clientClosed();
		}
		this.#backoff.reset();
		this.#current = channel;
		return channel;
	}

	#unreachable() {
		return unreachable(placeOf(this.#address), this.#lastFailure);
	}

	async #close(): Promise<void> {
		await this.#connecting?.catch(() => {});
		if (this.#users > 0) return;
		const current = this.#current;
		this.#current = undefined;
		await current?.close();
	}
}

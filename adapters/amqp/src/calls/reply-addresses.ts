import { forgetOldest } from "@allium/core/adapter";
import type { Channel } from "rabbitmq-client";
import type { AmqpAddress } from "../amqp-url.ts";
import { codeOf } from "../failure.ts";
import { RabbitConnection } from "../rabbit-connection.ts";
import { silenceMs } from "./calling-channel.ts";

/** The addresses that are remembered. The ones that were asked for longest ago are forgotten first. */
const maxKnown = 10_000;

/** How often an address is asked for that the server does not tell of. */
const attempts = 2;

/**
 * The state of the caller at an address: it waits there, or it is gone. The server knows nothing of an `unusable` address,
 * because it is forged, or because the server is away.
 */
export type Whereabouts = "there" | "gone" | "unusable";

/**
 * Finds out whether callers are at the addresses that their messages name. RabbitMQ ends the connection over which it is
 * sent anything for a forged address. So each address is asked for once before an answer goes there, over a connection
 * that carries nothing else.
 */
export class ReplyAddresses {
	readonly #address: AmqpAddress;
	readonly #known = new Map<string, true>();
	readonly #asking = new Map<string, Promise<Whereabouts>>();
	/** The checks run one after another, so that it is known which address ends the connection. */
	#last: Promise<unknown> = Promise.resolve();
	#connection: Promise<RabbitConnection> | undefined;
	#channel: Promise<Channel> | undefined;
	#isClosed = false;

	constructor(address: AmqpAddress) {
		this.#address = address;
	}

	/** True if a caller was found there before, so that sending an answer does no harm. */
	isKnown(replyTo: string): boolean {
		return this.#known.has(replyTo);
	}

	/** Asks the server. Never rejects. */
	find(replyTo: string): Promise<Whereabouts> {
		const before = this.#asking.get(replyTo);
		if (before !== undefined) return before;
		const asked = this.#last.then(() => this.#find(replyTo));
		this.#last = asked;
		this.#asking.set(replyTo, asked);
		void asked.then((found) => {
			this.#asking.delete(replyTo);
			if (found === "there") this.#known.set(replyTo, true);
			else this.#known.delete(replyTo);
			if (this.#known.size > maxKnown) forgetOldest(this.#known);
		});
		return asked;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		const channel = await this.#channel?.catch(() => undefined);
		void channel?.close();
		const connection = await this.#connection?.catch(() => undefined);
		await connection?.close();
	}

	async #find(replyTo: string): Promise<Whereabouts> {
		for (let attempt = 1; attempt <= attempts && !this.#isClosed; attempt++) {
			try {
				const channel = await this.#open();
				await channel.queueDeclare({ queue: replyTo, passive: true });
				return "there";
			} catch (error) {
				// The server closes the channel, or the whole connection.
				this.#channel = undefined;
				if (codeOf(error) === "NOT_FOUND") return "gone";
			}
		}
		return "unusable";
	}

	#open(): Promise<Channel> {
		this.#connection ??= RabbitConnection.open(this.#address, "allium: looks for callers", silenceMs).catch(
			(error) => {
				this.#connection = undefined;
				throw error;
			},
		);
		this.#channel ??= this.#connection.then((connection) => connection.channel());
		return this.#channel;
	}
}

import { type Context, isServiceError } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import { uuidv7, whileLasts } from "@allium/core/transport";
import type { Channel, ReturnedMessage } from "rabbitmq-client";
import { codeOf, failure } from "./failure.ts";
import type { RabbitConnection } from "./rabbit-connection.ts";

/** A message that is sent. */
export interface OutgoingMessage {
	readonly exchange: string;
	readonly routingKey: string;
	readonly text: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** Whether the server rejects the message when no queue takes it. Default: `false`, because a topic may have no groups yet. */
	readonly mandatory?: boolean;
}

const contentType = "application/cloudevents+json; charset=utf-8";

/** How long a server may take to confirm a message, in milliseconds: it blocks publishers while it lacks room. */
const confirmMs = 30_000;

/** A channel whose messages are confirmed. */
interface Opened {
	readonly channel: Channel;
	/**
	 * Ends the waits for confirmations. The library forgets messages that it had just written when its connection ends.
	 */
	readonly waiting: Set<(error: Error) => void>;
	/** Nothing more is sent on it. */
	isGivenUp: boolean;
	/** Has another channel opened for the next message. */
	forget(): void;
}

/** Sends messages in the order of the calls. Each is confirmed by the server. */
export class Outbox {
	readonly #connection: RabbitConnection;
	#opened: Promise<Opened> | undefined;
	/** The messages that no queue took, by the id that they were sent with. */
	readonly #returned = new Set<string>();

	constructor(connection: RabbitConnection) {
		this.#connection = connection;
	}

	/**
	 * Sends messages. Resolves when all are confirmed. A rejection does not tell which of them arrived; it is
	 * `unavailable` if another try may help.
	 */
	async send(messages: readonly OutgoingMessage[], ctx: Context): Promise<void> {
		this.#connection.check();
		const limited = ctx.withTimeout(confirmMs);
		try {
			await whileLasts(this.#send(messages), limited);
		} catch (error) {
			if (!isServiceError(error) || ctx.error !== undefined || limited.error === undefined) throw error;
			throw unavailable(
				`RabbitMQ at ${this.#connection.place} confirmed nothing for ${confirmMs / 1_000} s; does it lack memory or room on its disk?`,
				error,
			);
		}
	}

	/** Closes its channel. */
	async close(): Promise<void> {
		const opened = await this.#opened?.catch(() => undefined);
		await opened?.channel.close();
	}

	async #send(messages: readonly OutgoingMessage[]): Promise<void> {
		const opened = await this.#open();
		const { channel, waiting } = opened;
		const lost = Promise.withResolvers<never>();
		waiting.add(lost.reject);
		try {
			const sent = Promise.all(messages.map((message) => this.#one(channel, message)));
			await Promise.race([sent, lost.promise]);
		} catch (error) {
			if (codeOf(error) === "NACK") giveUp(opened);
			throw failure(error, this.#connection.place);
		} finally {
			waiting.delete(lost.reject);
			if (opened.isGivenUp && waiting.size === 0) void channel.close();
		}
	}

	async #one(
		channel: Channel,
		{ text, headers, mandatory = false, ...address }: OutgoingMessage,
	): Promise<void> {
		const correlationId = mandatory ? uuidv7() : undefined;
		await channel.basicPublish(
			{
				...address,
				mandatory,
				durable: true,
				contentType,
				...(headers !== undefined && { headers: { ...headers } }),
				...(correlationId !== undefined && { correlationId }),
			},
			Buffer.from(text),
		);
		if (correlationId === undefined) return;
		// The server returns a message before it confirms it, but the library tells of that a turn later.
		await new Promise((resolve) => setImmediate(resolve));
		if (!this.#returned.delete(correlationId)) return;
		throw unavailable(`RabbitMQ at ${this.#connection.place} has lost the queue ${address.routingKey}`);
	}

	#open(): Promise<Opened> {
		if (this.#opened === undefined) {
			const opening = this.#confirming(() => {
				if (this.#opened === opening) this.#opened = undefined;
			});
			this.#opened = opening;
		}
		return this.#opened;
	}

	async #confirming(forget: () => void): Promise<Opened> {
		try {
			const channel = await this.#connection.channel();
			const opened: Opened = { channel, waiting: new Set(), isGivenUp: false, forget };
			channel.once("close", () => {
				forget();
				// The messages that the library knows are rejected first, with the reason of the server.
				setImmediate(() => {
					for (const reject of opened.waiting) reject(new Error("the connection is lost"));
				});
			});
			channel.on("basic.return", ({ correlationId = "" }: ReturnedMessage) =>
				this.#returned.add(correlationId),
			);
			await channel.confirmSelect();
			return opened;
		} catch (error) {
			forget();
			throw failure(error, this.#connection.place);
		}
	}
}

/**
 * A channel that sent its first message to a queue while the queue had no leader asks the dead one again with each
 * message, in RabbitMQ 3.10, and has all of them rejected. Another channel asks the new one.
 */
function giveUp(opened: Opened): void {
	opened.isGivenUp = true;
	opened.forget();
}

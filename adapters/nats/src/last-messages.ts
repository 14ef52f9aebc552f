import { ServiceError } from "@allium/core";
import { afterSilence, type Timer } from "@allium/core/transport";
import { AckPolicy, DeliverPolicy, type JetStreamManager, ReplayPolicy } from "@nats-io/jetstream";
import { type NatsConnection as Client, createInbox, type Msg, nanos, nuid } from "@nats-io/transport-node";

/** The most that one reading takes, in bytes. Ten thousand usual records are 5 MB. */
const mostBytes = 256 * 1024 * 1024;
/** The server says after this time without a message that it has sent all, in milliseconds. */
const idleMs = 500;
/** The server forgets a reading that nobody listens to after this time, in milliseconds. */
const abandonedMs = 5_000;
/** How long a reading may take, in milliseconds. */
export const longestReadingMs = 15_000;

/** A message of a stream. */
export interface StoredMessage {
	readonly subject: string;
	readonly data: Uint8Array;
	readonly headers: Msg["headers"];
	/** When the server stored it, by its clock: milliseconds since 1970. */
	readonly storedAt: number;
}

/** The messages that were read, and the time of the reading. */
export interface LastMessages {
	readonly messages: readonly StoredMessage[];
	/** The clock of the server when the reading began: milliseconds since 1970. */
	readonly now: number;
}

/**
 * Reads the last message of each subject in a stream that a filter lets through. This takes a consumer for the moment
 * of the reading, since servers before 2.11 have no other way to read many messages at once.
 */
export async function lastMessages(
	client: Client,
	manager: JetStreamManager,
	stream: string,
	filter: string,
): Promise<LastMessages> {
	const inbox = createInbox();
	const reading = new Reading(client);
	const subscription = client.subscribe(inbox, {
		callback: (error, message) => reading.take(error, message),
	});
	void subscription.closed.then(() => reading.end(new Error("the connection was closed")));
	try {
		const info = await manager.consumers.add(stream, {
			name: nuid.next(),
			deliver_subject: inbox,
			deliver_policy: DeliverPolicy.LastPerSubject,
			ack_policy: AckPolicy.None,
			replay_policy: ReplayPolicy.Instant,
			filter_subject: filter,
			flow_control: true,
			idle_heartbeat: nanos(idleMs),
			inactive_threshold: nanos(abandonedMs),
			mem_storage: true,
			num_replicas: 1,
		});
		if (info.num_pending === 0) reading.end();
		await reading.ended;
		return { messages: reading.messages, now: Date.parse(answeredAt(info) ?? info.created) };
	} finally {
		reading.end();
		subscription.unsubscribe();
	}
}

/** When the server answered, by its clock. Servers before 2.10 do not say. */
function answeredAt(info: { readonly ts?: unknown }): string | undefined {
	return typeof info.ts === "string" ? info.ts : undefined;
}

/** The messages of one reading as they arrive. */
class Reading {
	readonly messages: StoredMessage[] = [];
	/** Settles when all have arrived, or when there is no more hope. */
	readonly ended: Promise<void>;
	readonly #settle: (error?: Error) => void;
	readonly #client: Client;
	readonly #timer: Timer;
	#bytes = 0;

	constructor(client: Client) {
		this.#client = client;
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		this.ended = promise;
		// Nobody may wait for it any more.
		promise.catch(() => {});
		this.#settle = (error) => (error === undefined ? resolve() : reject(error));
		this.#timer = afterSilence(longestReadingMs, () => this.end(new Error("reading took too long")));
	}

	/** Takes a message from the server. */
	take(error: Error | null, message: Msg): void {
		if (error !== null) this.end(error);
		else if (message.headers?.code === 100) this.#control(message);
		else this.#keep(message);
	}

	#keep({ subject, data, headers, reply }: Msg): void {
		const place = placeOf(reply);
		if (place === undefined) return;
		this.#bytes += data.length;
		this.messages.push({ subject, data, headers, storedAt: place.storedAt });
		if (this.#bytes > mostBytes) this.end(tooMuch());
		else if (place.pending === 0) this.end();
	}

	end(error?: Error): void {
		this.#timer.stop();
		this.#settle(error);
	}

	/** The server asks whether it may go on, or says that there is no more: messages that it counted may have gone. */
	#control(message: Msg): void {
		const stalled = message.headers?.get("Nats-Consumer-Stalled") ?? "";
		if (message.reply !== undefined && message.reply !== "") message.respond();
		else if (stalled !== "") this.#client.publish(stalled);
		else this.end();
	}
}

function tooMuch(): ServiceError {
	const message = `the registry holds more than ${mostBytes / 1024 / 1024} MiB, which is more than one listing takes`;
	return new ServiceError({ code: "resource_exhausted", message });
}

/**
 * The place of a message in its stream, from the subject for its acknowledgement:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<delivery>.<time>.<pending>`, or with the domain and the account
 * before the stream.
 */
function placeOf(
	reply: string | undefined,
): { readonly storedAt: number; readonly pending: number } | undefined {
	const parts = reply?.split(".") ?? [];
	if (parts.length < 9 || parts[1] !== "ACK") return undefined;
	const at = parts.length === 9 ? 7 : 9;
	return { storedAt: Number(parts[at]) / 1e6, pending: Number(parts[at + 1]) };
}

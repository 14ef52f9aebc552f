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
/**
 * How long the server may be silent until it is asked again, in milliseconds. A cluster that elects a leader drops what
 * it is asked. It is more at each try, because a server that is busy works for all of them.
 */
const firstPatienceMs = 1_000;
const patienceGrowth = 1.5;

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
 *
 * @param isOver whether nobody waits for the messages any more, so that a server that is silent is not asked again.
 */
export async function lastMessages(
	client: Client,
	manager: JetStreamManager,
	stream: string,
	filter: string,
	isOver: () => boolean,
): Promise<LastMessages> {
	const endsAt = performance.now() + longestReadingMs;
	for (let patienceMs = firstPatienceMs; ; patienceMs *= patienceGrowth) {
		try {
			return await readOnce(client, manager, stream, filter, patienceMs);
		} catch (error) {
			if (!(error instanceof Silence) || isOver() || performance.now() > endsAt) throw error;
		}
	}
}

/** The server was silent for too long while it was read from. */
class Silence extends Error {}

async function readOnce(
	client: Client,
	manager: JetStreamManager,
	stream: string,
	filter: string,
	patienceMs: number,
): Promise<LastMessages> {
	const inbox = createInbox();
	const reading = new Reading(client, patienceMs);
	const subscription = client.subscribe(inbox, {
		callback: (error, message) => reading.take(error, message),
	});
	void subscription.closed.then(() => reading.end(new Error("the connection was closed")));
	try {
		const adding = manager.consumers.add(stream, {
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
		// It is left behind where the server does not answer.
		adding.catch(() => {});
		const info = await Promise.race([adding, reading.ended.then(() => adding)]);
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
	#timer: Timer;
	#isHeard = false;
	#bytes = 0;

	/** @param patienceMs how long the server may be silent, in milliseconds: more than the time after which it says so. */
	constructor(client: Client, patienceMs: number) {
		this.#client = client;
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		this.ended = promise;
		// Nobody may wait for it any more.
		promise.catch(() => {});
		this.#settle = (error) => (error === undefined ? resolve() : reject(error));
		this.#timer = this.#listen(patienceMs);
	}

	#listen(patienceMs: number): Timer {
		this.#isHeard = false;
		return afterSilence(patienceMs, () => {
			if (this.#isHeard) this.#timer = this.#listen(patienceMs);
			else this.end(new Silence("reading took too long"));
		});
	}

	/** Takes a message from the server. */
	take(error: Error | null, message: Msg): void {
		this.#isHeard = true;
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

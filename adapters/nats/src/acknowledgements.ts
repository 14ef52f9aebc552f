import { type ApiError, JetStreamApiError, JetStreamError } from "@nats-io/jetstream";
import {
	type NatsConnection as Client,
	createInbox,
	errors,
	type Msg,
	type MsgHdrs,
	type Subscription,
} from "@nats-io/transport-node";

/** A message that is not acknowledged is forgotten after this time, in milliseconds. Nobody waits for so long. */
const forgottenMs = 60_000;

/** The confirmation of the server that a stream has a message. */
export interface Acknowledgement {
	readonly stream: string;
	/** The place of the message in its stream. */
	readonly seq: number;
	/** True if the stream had a message with this id before. `seq` is then the place of that message. */
	readonly duplicate?: boolean;
}

/** The answer of the server to a message: an acknowledgement, or an error. */
interface Answer extends Acknowledgement {
	readonly error?: ApiError;
}

/** A message that is not acknowledged yet. */
interface Pending {
	readonly subject: string;
	readonly sentAt: number;
	resolve(ack: Acknowledgement): void;
	reject(error: unknown): void;
}

/**
 * Publishes messages to streams, and takes the acknowledgements of all of them at one subject. The library makes a
 * timer for each message and an error with its trace, which takes longer than all the rest.
 */
export class Acknowledgements {
	readonly #client: Client;
	readonly #inbox = `${createInbox()}.`;
	readonly #pending = new Map<string, Pending>();
	#subscription: Subscription | undefined;
	#count = 0;

	constructor(client: Client) {
		this.#client = client;
		void this.#observe();
	}

	/**
	 * Rejects as the library does: with `JetStreamApiError` when the server refuses the message, and with `RequestError`
	 * when nobody stores it or the connection is lost. It has no time limit.
	 */
	publish(subject: string, data: string, headers: MsgHdrs): Promise<Acknowledgement> {
		return new Promise((resolve, reject) => {
			this.#subscription ??= this.#subscribe();
			const token = String(++this.#count);
			this.#client.publish(subject, data, { headers, reply: this.#inbox + token });
			this.#forgetOld();
			this.#pending.set(token, { subject, sentAt: performance.now(), resolve, reject });
		});
	}

	#subscribe(): Subscription {
		return this.#client.subscribe(`${this.#inbox}*`, {
			callback: (error, message) => {
				if (error === null) return this.#answered(message);
				this.#subscription = undefined;
				this.#failAll(error);
			},
		});
	}

	#answered(message: Msg): void {
		const token = message.subject.slice(this.#inbox.length);
		const pending = this.#pending.get(token);
		if (pending === undefined) return;
		this.#pending.delete(token);
		try {
			pending.resolve(ackOf(message, pending.subject));
		} catch (error) {
			pending.reject(error);
		}
	}

	/** A refused message is told by its subject, and a lost connection loses acknowledgements. */
	async #observe(): Promise<void> {
		for await (const status of this.#client.status()) {
			if (status.type === "disconnect") this.#failAll(lost());
			if (status.type !== "error" || !(status.error instanceof errors.PermissionViolationError)) continue;
			const { operation, subject } = status.error;
			if (operation === "publish") this.#fail((pending) => pending.subject === subject, status.error);
		}
		this.#failAll(lost());
	}

	#failAll(error: Error): void {
		this.#fail(() => true, error);
	}

	#fail(isMeant: (pending: Pending) => boolean, error: Error): void {
		for (const [token, pending] of this.#pending) {
			if (!isMeant(pending)) continue;
			this.#pending.delete(token);
			pending.reject(error);
		}
	}

	/** The map has the oldest first. */
	#forgetOld(): void {
		const now = performance.now();
		for (const [token, { sentAt, reject }] of this.#pending) {
			if (now - sentAt < forgottenMs) return;
			this.#pending.delete(token);
			reject(new errors.RequestError("no acknowledgement came"));
		}
	}
}

function ackOf(message: Msg, subject: string): Acknowledgement {
	if (message.data.length === 0 && message.headers?.code === 503) {
		const cause = new errors.NoRespondersError(subject);
		throw new errors.RequestError(cause.message, { cause });
	}
	const answer = message.json<Answer>();
	if (answer.error !== undefined) throw new JetStreamApiError(answer.error);
	if (answer.stream === "") throw new JetStreamError("invalid ack response");
	return answer;
}

function lost(): Error {
	return new errors.RequestError("the connection is lost");
}

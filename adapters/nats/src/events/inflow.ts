import { unavailable } from "@allium/core/adapter";
import { afterSilence, type Timer } from "@allium/core/transport";
import {
	type NatsConnection as Client,
	createInbox,
	type Msg,
	type Subscription,
} from "@nats-io/transport-node";
import type { StoredMessage } from "./event-stream.ts";

/** A request for messages, as the server reads it. */
export interface PullRequest {
	readonly batch: number;
	readonly max_bytes?: number;
	readonly no_wait: true;
}

/**
 * How a request ended: it has what it asked for, there are no more, the next message is too large, or something went
 * amiss, so that the consumer must not be asked again.
 */
export type PullEnd = "full" | "complete" | "too large" | "amiss";

/** How much is read at once. */
export interface ReadingBounds {
	readonly messages: number;
	readonly bytes: number;
}

/** The messages that were taken from an inflow. */
export interface Inflowing {
	readonly messages: readonly StoredMessage[];
	readonly end: PullEnd;
}

/** A caller that waits for messages. */
interface Waiting {
	readonly isEnough: () => boolean;
	resolve(): void;
	reject(error: Error): void;
}

/** The messages of one consumer. There is one request at a time; messages that arrive are kept until they are taken. */
export class Inflow {
	readonly #client: Client;
	/** The subject at which the consumer takes requests. */
	readonly #subject: string;
	readonly #inbox = createInbox();
	readonly #subscription: Subscription;
	#messages: StoredMessage[] = [];
	/** How many messages the consumer has delivered. */
	#delivered = 0;
	/** How many it had behind the last one. */
	#pending = 0;
	/** How many the request may still have. */
	#left = 0;
	/** How the request ended; undefined while it is under way. */
	#end: PullEnd | undefined = "full";
	#patience: Timer | undefined;
	#waiting: Waiting | undefined;

	constructor(client: Client, subject: string) {
		this.#client = client;
		this.#subject = subject;
		this.#subscription = client.subscribe(this.#inbox, {
			callback: (error, message) => (error === null ? this.#arrive(message) : this.#fail(error)),
		});
		void this.#subscription.closed.then(() => this.#fail(unavailable("the reading was broken off")));
	}

	/** Whether it is of no use any more. */
	get isAmiss(): boolean {
		return this.#end === "amiss" && this.#messages.length === 0;
	}

	/** Whether a request is under way, or something of it is left. */
	get hasMore(): boolean {
		return this.#end === undefined || this.#messages.length > 0;
	}

	/** @param patienceMs how long the server may be silent until something seems amiss. */
	ask(request: PullRequest, patienceMs: number): void {
		this.#end = undefined;
		this.#left = request.batch;
		this.#patience = afterSilence(patienceMs, () => this.#finish("amiss"));
		this.#client.publish(this.#subject, JSON.stringify(request), { reply: this.#inbox });
	}

	/** Resolves when the request is over. */
	over(): Promise<void> {
		return this.#until(() => this.#end !== undefined);
	}

	/** Resolves when the request is over, or has all that there is now: that it is over is said a moment later. */
	ready(): Promise<void> {
		return this.#until(() => this.#end !== undefined || (this.#messages.length > 0 && this.#pending === 0));
	}

	/** Takes messages that have arrived, within bounds. One message that is larger comes alone. */
	take({ messages: most, bytes: mostBytes }: ReadingBounds): Inflowing {
		let [count, bytes] = [0, 0];
		for (const { data } of this.#messages) {
			bytes += data.length;
			if (count === most || (count > 0 && bytes > mostBytes)) break;
			count++;
		}
		const messages = this.#messages.splice(0, count);
		return { messages, end: this.#messages.length > 0 ? "full" : (this.#end ?? "complete") };
	}

	close(): void {
		this.#patience?.stop();
		this.#subscription.unsubscribe();
	}

	#until(isEnough: () => boolean): Promise<void> {
		if (isEnough()) return Promise.resolve();
		return new Promise((resolve, reject) => {
			this.#waiting = { isEnough, resolve, reject };
		});
	}

	#arrive(message: Msg): void {
		const place = placeOf(message.reply);
		if (place === undefined) {
			this.#control(message);
		} else if (place.delivery !== this.#delivered + 1) {
			// The server delivered something that did not arrive here.
			this.#finish("amiss");
		} else {
			this.#keep(message, place);
		}
	}

	#keep({ subject, data }: Msg, { sequence, storedAt, pending }: DeliveryPlace): void {
		this.#delivered++;
		this.#pending = pending;
		this.#messages.push({ subject, data, sequence, storedAt });
		if (--this.#left === 0) this.#finish("full");
		else this.#wake();
	}

	/** The server has sent all messages or as many as fit, or it refuses. */
	#control({ headers }: Msg): void {
		const { code = 0, description = "" } = headers ?? {};
		// From 2.10 on, the server tells that a request has all it asked for, which the messages themselves tell before.
		if (code === 100 || description === "Batch Completed") return;
		if (code === 404 || code === 408) this.#finish("complete");
		else if (code === 409 && description.includes("MaxBytes")) this.#finish("too large");
		// Nobody answers for a consumer that is gone.
		else this.#finish("amiss");
	}

	#finish(end: PullEnd): void {
		// An inflow that is amiss stays amiss.
		if (this.#end !== "amiss") this.#end = end;
		this.#patience?.stop();
		this.#wake();
	}

	#wake(): void {
		if (this.#waiting?.isEnough() !== true) return;
		this.#waiting.resolve();
		this.#waiting = undefined;
	}

	#fail(error: Error): void {
		this.#finish("amiss");
		this.#waiting?.reject(error);
		this.#waiting = undefined;
	}
}

interface DeliveryPlace {
	readonly sequence: number;
	/** The number of the message in the order in which the consumer delivered. */
	readonly delivery: number;
	readonly storedAt: number;
	/** How many messages there are behind it. */
	readonly pending: number;
}

/**
 * The place of a message, from the subject for its acknowledgement:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<delivery>.<time>.<pending>`, or with the domain and the account
 * before the stream.
 */
function placeOf(reply: string | undefined): DeliveryPlace | undefined {
	if (reply?.startsWith("$JS.ACK.") !== true) return undefined;
	const parts = reply.split(".");
	const at = parts.length === 9 ? 5 : 7;
	return {
		sequence: Number(parts[at]),
		delivery: Number(parts[at + 1]),
		storedAt: Math.floor(Number(parts[at + 2]) / 1e6),
		pending: Number(parts[at + 3]),
	};
}

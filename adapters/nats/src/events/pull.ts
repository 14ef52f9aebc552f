import type { Msg } from "@nats-io/transport-node";
import { unavailable } from "../failure.ts";
import type { StoredMessage } from "./event-stream.ts";

/** A request for messages, as the server reads it. */
export interface PullRequest {
	readonly batch: number;
	readonly max_bytes?: number;
	readonly no_wait: true;
}

/** What a request for messages gave. */
export interface Pulled {
	readonly messages: readonly StoredMessage[];
	readonly end: PullEnd;
}

/**
 * Why there are no more: the request has what it asked for, there are none, the next is too large, or something went
 * amiss, so that the consumer is not to be asked again.
 */
export type PullEnd = "full" | "complete" | "too large" | "amiss";

/** The answer to one request for messages, as it arrives. */
export class Pull {
	/** Settles when all has arrived. */
	readonly ended: Promise<Pulled>;
	readonly #messages: StoredMessage[] = [];
	readonly #batch: number;
	readonly #resolve: (pulled: Pulled) => void;
	readonly #reject: (error: Error) => void;

	/** How many messages the consumer has delivered. */
	#delivered: number;

	/** @param delivered How many messages the consumer has delivered before. */
	constructor({ batch }: PullRequest, delivered: number) {
		this.#batch = batch;
		this.#delivered = delivered;
		const { promise, resolve, reject } = Promise.withResolvers<Pulled>();
		this.ended = promise;
		this.#resolve = resolve;
		this.#reject = reject;
	}

	take(error: Error | null, message: Msg): void {
		if (error !== null) {
			this.fail(error);
			return;
		}
		const place = placeOf(message.reply);
		if (place === undefined) {
			this.#control(message);
			return;
		}
		if (place.delivery !== this.#delivered + 1) {
			// The server delivered something that did not arrive here.
			this.end("amiss");
			return;
		}
		this.#delivered++;
		const { subject, data, headers } = message;
		this.#messages.push({ subject, data, headers, sequence: place.sequence, storedAt: place.storedAt });
		// That there are no more, the server says in a message of its own: until then it may deliver new ones.
		if (this.#messages.length === this.#batch) this.end("full");
	}

	end(end: PullEnd): void {
		this.#resolve({ messages: this.#messages, end });
	}

	fail(error: Error): void {
		this.#reject(error);
	}

	/** The server has sent what there is, or what fits; or it refuses. */
	#control({ headers }: Msg): void {
		const { code = 0, description = "" } = headers ?? {};
		if (code === 100) return;
		const isFull = code === 409 && description.includes("MaxBytes");
		if (isFull) this.end(this.#messages.length === 0 ? "too large" : "full");
		else if (code === 404 || code === 408) this.end("complete");
		// Nobody answers for a consumer that is gone.
		else if (code === 503) this.end("amiss");
		else this.fail(unavailable(`the NATS server ended a reading: ${code} ${description}`));
	}
}

/**
 * The place of a message, from the subject for its acknowledgement:
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<delivery>.<time>.<pending>`, or with the domain and the account
 * before the stream.
 */
function placeOf(
	reply: string | undefined,
): { readonly sequence: number; readonly delivery: number; readonly storedAt: number } | undefined {
	if (reply?.startsWith("$JS.ACK.") !== true) return undefined;
	const parts = reply.split(".");
	const at = parts.length === 9 ? 5 : 7;
	return {
		sequence: Number(parts[at]),
		delivery: Number(parts[at + 1]),
		storedAt: Math.floor(Number(parts[at + 2]) / 1e6),
	};
}

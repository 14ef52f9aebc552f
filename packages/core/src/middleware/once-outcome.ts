import { jsonFormat } from "../codec/json-format.ts";
import { methodCodecs } from "../codec/method-codecs.ts";
import { isDeclared } from "../contract/declared-error.ts";
import type { Method } from "../contract/method.ts";
import { isServiceError, ServiceError } from "../errors/service-error.ts";
import { isTrouble } from "../errors/trouble.ts";

/** The beginnings of outcomes, which tell their kind. */
const reply = "reply:";
const failure = "error:";
/** The beginning of an outcome whose reply was too large to keep, or has no JSON. */
const lost = "lost:";

/** Turns the outcomes of calls of one method into text, and back. */
export class OnceOutcomes {
	readonly #method: Method;
	readonly #maxBytes: number;

	/** @param maxBytes the longest text. */
	constructor(method: Method, maxBytes: number) {
		this.#method = method;
		this.#maxBytes = maxBytes;
	}

	ofReply(output: unknown): string {
		try {
			const text = this.#codec?.encode(output);
			return typeof text === "string" ? this.#bounded(reply + text) : lost;
		} catch {
			// The transport says why it cannot be written, when it comes to send it.
			return lost;
		}
	}

	/** Undefined for an error after which the call may be tried again: it is no answer. */
	ofError(error: unknown): string | undefined {
		if (!isServiceError(error) || !isDeclared(this.#method, error) || isTrouble(error)) return undefined;
		const { code, reason, message, data, retryAfterMs } = error;
		return this.#bounded(failure + JSON.stringify({ code, reason, message, data, retryAfterMs }));
	}

	/** The reply that a text stands for. @throws ServiceError the error that the text stands for otherwise. */
	read(outcome: string): unknown {
		if (outcome.startsWith(reply)) return this.#readReply(outcome.slice(reply.length));
		if (outcome.startsWith(failure)) throw new ServiceError(JSON.parse(outcome.slice(failure.length)));
		throw new ServiceError({
			code: "already_exists",
			reason: "reply_not_kept",
			message: `this call of ${this.#method.path} was carried out before; its reply was too large to be kept, or not JSON`,
		});
	}

	#readReply(text: string): unknown {
		const codec = this.#codec;
		return codec?.binary === false ? codec.decode(text) : undefined;
	}

	get #codec() {
		return methodCodecs(this.#method, jsonFormat)?.output;
	}

	#bounded(outcome: string): string {
		const { length } = outcome;
		// A UTF-16 unit has at most three bytes in UTF-8, so most texts need not be measured.
		if (length * 3 <= this.#maxBytes) return outcome;
		return new TextEncoder().encode(outcome).length <= this.#maxBytes ? outcome : lost;
	}
}

/** The refusal of a call that has the id of another one. */
export function keyReused({ path }: Method): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "key_reused",
		message: `a call of ${path} had the id or Idempotency-Key of this one, but another input; a new call takes a new key`,
	});
}

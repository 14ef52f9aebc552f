import { givesStream, type Method } from "../contract/method.ts";
import { isAsyncIterable, kindOf, Mistake } from "../errors/mistake.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * Looks at what strangers' code answers for a method: a stream where one is due, and something where one message is.
 *
 * @param who answers, for the message.
 * @returns what the answer is, to be passed on.
 * @throws Mistake
 */
export function answerCheck(who: string, method: Method): (answer: unknown) => unknown {
	if (givesStream(method.kind)) {
		return (answer) => {
			if (isAsyncIterable(answer)) return answer;
			throw noStream(who, method, answer);
		};
	}
	if (method.output === undefined) return (answer) => answer;
	return (answer) => {
		if (answer !== undefined) return answer;
		throw noAnswer(who, method);
	};
}

/** The mistake of an answer that is no stream, where one is due. */
function noStream(who: string, { path, name }: Method, answer: unknown): Mistake {
	return new Mistake(
		`${who} of ${path} returned ${kindOf(answer)} where a stream is due: write async *${name}(), or return another AsyncIterable`,
	);
}

/** The mistake of no answer, where a message is due. */
export function noAnswer(who: string, { path }: Method): Mistake {
	return new Mistake(`${who} of ${path} returned nothing where its output is due: is a return missing?`);
}

/** The mistake of a stream, where one message is due. */
export function noMessage(who: string, { path, name }: Method): Mistake {
	return new Mistake(`${who} of ${path} returned a stream where one message is due: write async ${name}()`);
}

/** The endpoint of strangers' code, checked: it gives a promise, and what that brings is an answer. */
export function checkedAnswer(endpoint: Endpoint, who: string, method: Method): Endpoint {
	const check = answerCheck(who, method);
	return (input, ctx) => {
		try {
			const reply: unknown = endpoint(input, ctx);
			if (reply instanceof Promise) return reply.then(check);
			if (isThenable(reply)) return Promise.resolve(reply).then(check);
			return Promise.reject(noPromise(who, method, reply));
		} catch (error) {
			return Promise.reject(error);
		}
	};
}

function noPromise(who: string, { path }: Method, reply: unknown): Mistake {
	return new Mistake(
		`${who} of ${path} returned ${kindOf(reply)} instead of a promise: write return next(input, ctx)`,
	);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
	return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

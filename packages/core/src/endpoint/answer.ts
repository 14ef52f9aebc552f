import { givesStream, type Method } from "../contract/method.ts";
import { isAsyncIterable, kindOf, Mistake } from "../errors/mistake.ts";
import type { Endpoint } from "./endpoint.ts";

/**
 * Checks what foreign code answers for a method: a stream where the method returns one, or any value where it returns
 * one message.
 *
 * @param who names the code in the message of the mistake.
 * @returns a function that returns the checked answer.
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

/** The mistake of an answer that is not a stream, where the method returns one. */
function noStream(who: string, { path, name }: Method, answer: unknown): Mistake {
	return new Mistake(
		`${who} of ${path} returned ${kindOf(answer)} instead of a stream: write async *${name}(), or return another AsyncIterable`,
	);
}

/** The mistake of a missing answer, where the method returns a message. */
export function noAnswer(who: string, { path }: Method): Mistake {
	return new Mistake(`${who} of ${path} returned nothing instead of its output: is a return missing?`);
}

/** The mistake of a stream, where the method returns one message. */
export function noMessage(who: string, { path, name }: Method): Mistake {
	return new Mistake(`${who} of ${path} returned a stream instead of one message: write async ${name}()`);
}

/** Wraps an endpoint of foreign code: the result is always a promise, and its value is checked. */
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

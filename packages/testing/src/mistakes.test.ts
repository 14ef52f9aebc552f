import { Context, contract, type Guard, type Logger, type Middleware, method, stream } from "@allium/core";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type TestClientOptions, testClient } from "./test-client.ts";

const number = z.object({ n: z.int() });
const Lab = contract("lab", {
	one: method({ input: number, output: number }),
	void: method({}),
	many: method({ output: stream(number) }),
	sum: method({ input: stream(number), output: number }),
	chat: method({ input: stream(number), output: stream(number) }),
});

const service = {
	one: async (input: object) => input,
	async void() {},
	async *many() {
		yield { n: 1 };
	},
	async sum(numbers: AsyncIterable<{ n: number }>) {
		let n = 0;
		for await (const each of numbers) n += each.n;
		return { n };
	},
	async *chat(numbers: AsyncIterable<{ n: number }>) {
		yield* numbers;
	},
};

async function* numbers() {
	yield { n: 1 };
}

/** A lab with a mistake that no compiler saw, and its log. */
function open(options: TestClientOptions<typeof Lab> = {}, spoilt: object = {}) {
	const logged: string[] = [];
	const logger: Logger = { log: (level, message) => void logged.push(`${level}: ${message}`) };
	return { lab: testClient(Lab, { ...service, ...spoilt } as never, { ...options, logger }), logged };
}

type Lab = ReturnType<typeof open>["lab"];
const calls = {
	one: (lab: Lab) => lab.one({ n: 1 }),
	void: (lab: Lab) => lab.void({}),
	many: (lab: Lab) => Array.fromAsync(lab.many({})),
	sum: (lab: Lab) => lab.sum(numbers()),
	chat: (lab: Lab) => Array.fromAsync(lab.chat(numbers())),
};

describe("a handler", () => {
	const noStream = "instead of a stream: write async *many(), or return another AsyncIterable";
	test.each<[string, keyof typeof calls, object, string]>([
		[
			"returns an array for a stream",
			"many",
			{ many: async () => [{ n: 1 }] },
			`returned an array ${noStream}`,
		],
		["returns an array at once", "many", { many: () => [{ n: 1 }] }, `returned an array ${noStream}`],
		["returns nothing for a stream", "many", { many: () => {} }, `returned nothing ${noStream}`],
		[
			"returns nothing",
			"one",
			{ one: async () => {} },
			"returned nothing instead of its output: is a return missing?",
		],
		[
			"returns a stream for a message",
			"one",
			{ one: () => numbers() },
			"returned a stream instead of one message: write async one()",
		],
	])("that %s is named in the log and in the answer", async (_, name, spoilt, sentence) => {
		for (const options of [{}, { serve: { middleware: [passOn] } }]) {
			const { lab, logged } = open(options, spoilt);
			const told = `the handler of lab/${name} ${sentence}`;
			await expect(calls[name](lab)).rejects.toMatchObject({ code: "internal", message: told });
			expect(logged).toEqual([`error: ${told}`]);
			expect(await lab.void({})).toEqual({});
			await lab[Symbol.asyncDispose]();
		}
	});

	test("whose stream has a next() that gives nothing is told so", async () => {
		const broken = { [Symbol.asyncIterator]: () => ({ next: () => undefined }) };
		const { lab, logged } = open({}, { many: () => broken });
		const told = "the next() of a stream gave nothing instead of { value, done }";
		await expect(calls.many(lab)).rejects.toMatchObject({ code: "internal", message: told });
		expect(logged).toEqual([`error: ${told}`]);
	});
});

const passOn: Middleware = (next) => (input, ctx) => next(input, ctx);

const spoilt: Record<string, [middleware: unknown, sentence: string]> = {
	"forgets to return": [
		function audit(next: typeof service.one) {
			return (input: object, ctx: never) => void (next as (...all: unknown[]) => unknown)(input, ctx);
		},
		"(audit) of lab/fail returned nothing instead of a promise: write return next(input, ctx)",
	],
	"forgets to return what it waited for": [
		function audit(next: (...all: unknown[]) => unknown) {
			return async (input: unknown, ctx: unknown) => void (await next(input, ctx));
		},
		"(audit) of lab/one returned nothing instead of its output: is a return missing?",
	],
	"drops the context": [
		function audit(next: (...all: unknown[]) => unknown) {
			return (input: unknown) => next(input);
		},
		"(audit) of lab/one passed nothing on instead of a context: write next(input, ctx)",
	],
};

describe("middleware", () => {
	const places: [string, (middleware: Middleware) => TestClientOptions<typeof Lab>][] = [
		["the server's middleware 1", (one) => ({ middleware: [one] })],
		["the middleware 1", (one) => ({ serve: { middleware: [one] } })],
		["the client's middleware 1", (one) => ({ client: { middleware: [one] } })],
		["the client's attempt middleware 1", (one) => ({ client: { attempt: [one] } })],
	];
	for (const [place, at] of places) {
		test.each(Object.entries(spoilt))(`that %s is named: ${place}`, async (_, [middleware, sentence]) => {
			const { lab } = open(at(middleware as Middleware));
			const told = `${place} ${sentence.replace("lab/fail", "lab/one")}`;
			await expect(calls.one(lab)).rejects.toThrow(told);
			await lab[Symbol.asyncDispose]();
		});

		test(`that drops a promise which then fails does no more harm: ${place}`, async () => {
			const drop = (next: (...all: unknown[]) => unknown) => (input: unknown, ctx: unknown) => {
				next(input, ctx);
				return Promise.resolve({ n: 7 });
			};
			const fail = {
				one: async () => {
					throw new Error("bug");
				},
			};
			const { lab } = open(at(drop as never), fail);
			expect(await calls.one(lab)).toEqual({ n: 7 });
			await lab[Symbol.asyncDispose]();
		});

		test(`that makes no endpoint is refused where it is given: ${place}`, () => {
			const made = () => open(at(function audit() {} as never));
			const told = `${place} (audit) made nothing of lab/one instead of an endpoint: write return (input, ctx) => next(input, ctx)`;
			expect(made).toThrow(told);
		});
	}

	test("of a service that returns none is refused where it is given", () => {
		const told = 'the service middleware 1 of "lab" returned nothing instead of a service';
		expect(() => open({ serve: { service: [(() => {}) as never] } })).toThrow(told);
	});
});

describe("a guard", () => {
	const told = (what: string) =>
		`the guard returned ${what} instead of a context: write return ctx to let a request in, and throw to refuse it`;
	test.each<[string, Guard, string]>([
		["nothing", (() => {}) as never, told("nothing")],
		["nothing later", (async () => {}) as never, told("nothing")],
		["false", (() => false) as never, told("a boolean")],
		["true", (async () => true) as never, told("a boolean")],
		[
			"the context of nothing",
			() => Context.background(),
			"the guard returned a context that is not of the call: return the one that it was given, or one made of it",
		],
	])("that returns %s lets nobody in, and is named", async (_, guard, sentence) => {
		const { lab, logged } = open({ guard });
		await expect(calls.one(lab)).rejects.toMatchObject({ code: "internal", message: sentence });
		expect(logged).toEqual([`error: ${sentence}`]);
		await lab[Symbol.asyncDispose]();
	});
});

describe("a caller", () => {
	test.each([
		["an array", [{ n: 1 }]],
		["nothing", undefined],
	])("who passes %s for a stream is told", async (what, input) => {
		const { lab } = open();
		const due = `was called with ${what} instead of a stream: pass what an async function* makes, or another AsyncIterable`;
		await expect(lab.sum(input as never)).rejects.toThrow(`lab/sum ${due}`);
		expect(() => lab.chat(input as never)).toThrow(`lab/chat ${due}`);
		await lab[Symbol.asyncDispose]();
	});

	test("another value in place of a context is refused with a message", async () => {
		const { lab } = open();
		const told = "lab/one was called with an object as its second argument, which is a context";
		await expect(lab.one({ n: 1 }, { timeout: 5 } as never)).rejects.toThrow(told);
		expect(() => Context.background().withResponse({} as never)).toThrow("takes a new ResponseMetadata()");
		await lab[Symbol.asyncDispose]();
	});
});

import { type Format, methodCodecs } from "@allium/core";
import { expect } from "vitest";
import { answersMany, failure, sendsMany, until, Waiting } from "./call-lab.ts";
import { type Cases, inputStreams, kinds, outputStreams } from "./cases.ts";
import { Calls } from "./contract.ts";
import type { Message } from "./message.ts";

/** A message of a given size in a format. */
function messageOf(bytes: number, format: Format): Message {
	const codec = methodCodecs(Calls.unary, format)?.input;
	if (codec === undefined) throw new Error(`the suite's messages have no codec for ${format.name}`);
	const text = "x".repeat(bytes);
	return { text: text.slice(codec.encode({ text }).length - bytes) };
}

function numbered(count: number): Message[] {
	return Array.from({ length: count }, (_, index) => ({ text: `${index} "naïve" \\ 🧅 \u2028\u0000` }));
}

/** Messages, the ends of streams, and the largest message. */
export function messageTests(cases: Cases): void {
	arrivalTests(cases);
	halfCloseTests(cases);
	sizeTests(cases);
}

function arrivalTests(cases: Cases): void {
	cases.each("every message arrives once and in order, both ways", kinds, async (kind, lab) => {
		const sent = numbered(sendsMany(kind) ? 500 : 1);
		const answers = numbered(answersMany(kind) ? 500 : 1);
		const arrived: Message[] = [];
		lab.handler = async function* (input) {
			for await (const message of input) arrived.push(message);
			yield* answers;
		};
		expect(await Array.fromAsync(lab.call(kind, sent))).toEqual(answers);
		expect(arrived).toEqual(sent);
	});

	cases.each("an empty stream of replies ends without one", outputStreams, async (kind, lab) => {
		lab.handler = async function* () {};
		expect(await Array.fromAsync(lab.call(kind))).toEqual([]);
	});

	cases.each("an empty stream of inputs is a call like any other", inputStreams, async (kind, lab) => {
		lab.handler = async function* (input) {
			const messages = await Array.fromAsync(input);
			yield { text: `${messages.length} messages` };
		};
		expect(await Array.fromAsync(lab.call(kind, []))).toEqual([{ text: "0 messages" }]);
	});
}

function halfCloseTests(cases: Cases): void {
	cases.each(
		"half-close: the input ends while the reply is still to come",
		inputStreams,
		async (kind, lab) => {
			const reply = Promise.withResolvers<void>();
			let inputOver = false;
			lab.handler = async function* (input) {
				await Array.fromAsync(input);
				inputOver = true;
				await reply.promise;
				yield { text: "late" };
			};
			const replies = Array.fromAsync(lab.call(kind));
			await until(() => inputOver, "the end of the input arrived");
			reply.resolve();
			expect(await replies).toEqual([{ text: "late" }]);
		},
	);

	cases.one("both sides of a call talk in turns", ["bidi_stream"], async (lab) => {
		const heard: string[] = [];
		let heardOne = Promise.withResolvers<void>();
		async function* talk() {
			for (const text of ["a", "b", "c"]) {
				yield { text };
				await heardOne.promise;
				heardOne = Promise.withResolvers();
			}
		}
		for await (const { text } of lab.call("bidi_stream", talk())) {
			heard.push(text);
			heardOne.resolve();
		}
		expect(heard).toEqual(["a", "b", "c"]);
	});

	cases.each(
		"a handler that is done before its input stops who produces it",
		inputStreams,
		async (kind, lab) => {
			let stopped = false;
			async function* endless() {
				try {
					for (;;) yield { text: "more" };
				} finally {
					stopped = true;
				}
			}
			lab.handler = async function* () {
				yield { text: "enough" };
			};
			expect(await Array.fromAsync(lab.call(kind, endless()))).toEqual([{ text: "enough" }]);
			await until(() => stopped, "the producer was stopped");
		},
	);

	cases.each(
		"an input that fails is the caller's error, and cancels the handler",
		inputStreams,
		async (kind, lab) => {
			const waiting = new Waiting();
			lab.handler = waiting.handler;
			async function* broken() {
				yield { text: "one" };
				await waiting.untilArrived();
				throw new Error("the file is torn");
			}
			expect(await failure(lab.call(kind, broken()))).toMatchObject({ code: "internal" });
			await waiting.untilEnded();
			expect(waiting.ended).toEqual(["canceled"]);
		},
	);
}

function sizeTests(cases: Cases): void {
	const limit = cases.maxMessageBytes;

	cases.each("a message of exactly the limit passes, both ways", kinds, async (kind, lab) => {
		const largest = messageOf(limit, cases.format);
		const [reply] = await Array.fromAsync(lab.call(kind, [largest]));
		expect(reply?.text.length).toBe(largest.text.length);
	});

	cases.each(
		"an input one byte over the limit is refused, and hurts no other call",
		kinds,
		async (kind, lab) => {
			let arrived = 0;
			lab.handler = async function* (input) {
				for await (const { text } of input) arrived += text.length;
				yield { text: "done" };
			};
			const error = await failure(lab.call(kind, [messageOf(limit + 1, cases.format)]));
			expect(error).toMatchObject({ code: "resource_exhausted" });
			expect(arrived).toBe(0);
			await lab.expectHealthy();
		},
	);

	cases.each(
		"a reply one byte over the limit is refused, and hurts no other call",
		kinds,
		async (kind, lab) => {
			lab.handler = async function* () {
				yield messageOf(limit + 1, cases.format);
			};
			expect(await failure(lab.call(kind))).toMatchObject({ code: "resource_exhausted" });
			await lab.expectHealthy();
		},
	);
}

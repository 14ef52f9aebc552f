import type { CallKind, Client } from "@allium/core";
import { expect } from "vitest";
import type { FaultProxy } from "../faults/index.ts";
import { answersMany, type CallHandler, type CallLab, until } from "./call-lab.ts";
import { type Cases, inputStreams } from "./cases.ts";
import type { Calls } from "./contract.ts";
import type { Message } from "./message.ts";
import type { CallCapability } from "./setup.ts";

/** The number of calls in a case. There are several because some ways to end race with each other. */
const atOnce = 8;
const messages: readonly Message[] = [{ text: "one" }, { text: "two" }, { text: "three" }];

/** A way for calls to end before their input does. */
interface Way {
	readonly title: string;
	readonly kinds?: readonly CallKind[];
	readonly needs?: readonly CallCapability[];
	/** Whether callers stop reading the output when told to. */
	readonly leaves?: boolean;
	/** Ends the calls once every handler has taken a message. It is missing where the deadline ends them. */
	end?(calls: UnfinishedCalls): unknown;
}

const ways: readonly Way[] = [
	{ title: "its deadline passes" },
	{ title: "its caller cancels it", end: ({ cancel }) => cancel() },
	{ title: "its input throws", end: ({ input }) => input.reject(new Error("the source of the input broke")) },
	{ title: "its client is closed", end: ({ client }) => client[Symbol.asyncDispose]() },
	{ title: "its server is closed", end: ({ lab }) => lab.listener.close() },
	{
		title: "its caller leaves its output",
		kinds: ["bidi_stream"],
		leaves: true,
		end: ({ output }) => output.resolve(),
	},
	{ title: "its connection ends", needs: ["cut"], end: ({ proxy }) => proxy?.cut("end") },
	{ title: "its connection is reset", needs: ["cut"], end: ({ proxy }) => proxy?.cut("reset") },
];

/**
 * The end of an input stream means that no message is missing, and handlers act on it: they commit what they received.
 * Therefore the end reaches a handler in order only when the caller ended the stream in order.
 */
export function inputEndTests(cases: Cases): void {
	for (const way of ways) {
		const { title, kinds = inputStreams, needs, end } = way;
		for (const busy of [false, true]) {
			const when = busy ? "works on a message" : "waits for a message";
			cases.each(
				`a handler that ${when} is not told that its input ended when ${title}`,
				kinds,
				async (kind, lab) => {
					const uploads = new Uploads(kind, busy);
					lab.handler = uploads.handler;
					const proxy = needs?.includes("cut") === true ? await lab.throughProxy() : undefined;
					const calls = new UnfinishedCalls(lab, kind, way, proxy);
					if (end !== undefined) await until(() => uploads.begun === atOnce, "all handlers took a message");
					await Promise.all([end?.(calls), calls.ended]);
					await until(() => uploads.canceled === uploads.arrived, "all handlers were cancelled");
					uploads.workDone();
					await until(() => uploads.ended === uploads.arrived, "all handlers ended");
					expect(uploads.committed).toEqual([]);
				},
				needs,
			);
		}
	}

	for (const busy of [false, true]) {
		const title = busy ? "after all messages, though its handler was slow" : "after all messages";
		cases.each(
			`an input that its caller ends is told to have ended ${title}`,
			inputStreams,
			async (kind, lab) => {
				const uploads = new Uploads(kind, busy);
				lab.handler = uploads.handler;
				const calls = Array.from({ length: atOnce }, () => Array.fromAsync(lab.call(kind, messages)));
				await until(() => uploads.begun === atOnce, "all handlers took a message");
				uploads.workDone();
				await Promise.all(calls);
				expect(uploads.committed).toEqual(Array(atOnce).fill(messages.length));
			},
		);
	}

	cases.each(
		"a handler that works when its deadline passes gets all of an input that has ended, or an error",
		inputStreams,
		async (kind, lab) => {
			const uploads = new Uploads(kind, true);
			lab.handler = uploads.handler;
			const ctx = lab.background.withTimeout(300);
			const calls = Array.from({ length: atOnce }, () => Array.fromAsync(lab.call(kind, messages, ctx)));
			await Promise.allSettled(calls);
			await until(() => uploads.canceled === uploads.arrived, "all handlers were cancelled");
			uploads.workDone();
			await until(() => uploads.ended === uploads.arrived, "all handlers ended");
			for (const count of uploads.committed) expect(count).toBe(messages.length);
		},
	);
}

/** Handlers that read their input to its end and then commit it. */
class Uploads {
	arrived = 0;
	/** How many handlers have taken a message. */
	begun = 0;
	canceled = 0;
	ended = 0;
	/** How many messages each handler that committed had received. */
	readonly committed: number[] = [];
	readonly #kind: CallKind;
	readonly #work: PromiseWithResolvers<void> = Promise.withResolvers();

	/** @param busy Whether the handlers work on each message until they are told that it is done. */
	constructor(kind: CallKind, busy: boolean) {
		this.#kind = kind;
		if (!busy) this.workDone();
	}

	workDone(): void {
		this.#work.resolve();
	}

	get handler(): CallHandler {
		const uploads = this;
		return async function* (input, ctx) {
			uploads.arrived++;
			ctx.signal.addEventListener("abort", () => uploads.canceled++);
			// The upload is read separately, as if the two streams were independent, so that leaving the output does
			// not end it.
			const upload = uploads.#upload(input);
			upload.catch(() => {});
			if (answersMany(uploads.#kind)) yield { text: "begun" };
			await upload;
			yield { text: "committed" };
		};
	}

	async #upload(input: AsyncIterable<Message>): Promise<void> {
		let count = 0;
		try {
			for await (const _ of input) {
				if (count++ === 0) this.begun++;
				await this.#work.promise;
			}
			this.committed.push(count);
		} finally {
			this.ended++;
		}
	}
}

/** Calls whose input has not ended, and the means to end them. */
class UnfinishedCalls {
	readonly lab: CallLab;
	readonly client: Client<typeof Calls>;
	readonly proxy: FaultProxy | undefined;
	readonly cancel: () => void;
	/** Settles when the input may continue after its messages. */
	readonly input: PromiseWithResolvers<never> = Promise.withResolvers();
	/** Settles when callers may leave the output. */
	readonly output: PromiseWithResolvers<void> = Promise.withResolvers();
	/** Resolves when all calls are over. */
	readonly ended: Promise<unknown>;

	constructor(lab: CallLab, kind: CallKind, { leaves, end }: Way, proxy: FaultProxy | undefined) {
		this.lab = lab;
		this.client = lab.client;
		this.proxy = proxy;
		// A caller in another place, such as a page, does not wait for it.
		this.input.promise.catch(() => {});
		const { ctx, cancel } = lab.background.withCancel();
		this.cancel = cancel;
		const calling = end === undefined ? ctx.withTimeout(300) : ctx;
		const call = async (): Promise<void> => {
			for await (const _ of lab.call(kind, this.#messages(), calling)) {
				if (leaves !== true) continue;
				await this.output.promise;
				break;
			}
		};
		this.ended = Promise.allSettled(Array.from({ length: atOnce }, call));
	}

	async *#messages(): AsyncGenerator<Message> {
		yield* messages;
		await this.input.promise;
	}
}

import { contract, method, type Service, stream } from "allium";
import * as z from "zod";

/** Adds two integers. */
export type Sum = (input: { a: number; b: number }) => Promise<{ v: number }>;

/** Joins two texts. */
export type Concat = (input: { a: string; b: string }) => Promise<{ v: string }>;

/** One way to carry calls between two processes, as the benchmark uses it. */
export interface Stack {
	/** Its name in the tables. */
	readonly name: string;
	/** How to call it over HTTP/1.1, for stacks that are measured with `wrk`. */
	readonly http?: HttpCall;
	/**
	 * Serves the work, in the server's process. A stack without it has no such process: the client does everything.
	 */
	serve?(variant: string): Promise<Server>;
	/** Makes the calls, in the client's process. */
	connect(address: string, variant: string): Promise<Calls>;
}

/** A call over HTTP/1.1, as `wrk` makes it. */
export interface HttpCall {
	readonly path: string;
	/** Default: the input of `sum`. */
	readonly body?: string;
	/** Headers besides `content-type`. */
	readonly headers?: Readonly<Record<string, string>>;
}

/** A stack that serves. */
export interface Server {
	readonly address: string;
	/** Other processes that do part of the server's work. Their processor time counts as the server's. */
	readonly helpers?: readonly Helper[];
	close(): Promise<void>;
}

export interface Helper {
	readonly pid: number;
	/** Whether to pin it to the server's core. Processes that belong to others on this machine are not pinned. */
	readonly pin: boolean;
}

/** A stack that calls. Work that it does not offer is not measured. */
export interface Calls {
	readonly sum?: Sum;
	readonly concat?: Concat;
	/** Reads a stream of `upTo` small messages `{ n }`. Resolves with how many arrived. */
	readonly count?: (upTo: number) => Promise<number>;
	close(): Promise<void>;
}

/** The contract of the work, for the stacks of Allium. */
export const Work = contract("add", {
	sum: method({
		input: z.object({ a: z.int(), b: z.int() }),
		output: z.object({ v: z.int() }),
		effect: "read",
	}),
	concat: method({
		input: z.object({ a: z.string(), b: z.string() }),
		output: z.object({ v: z.string() }),
		effect: "read",
	}),
	count: method({
		input: z.object({ upTo: z.int() }),
		output: stream(z.object({ n: z.int() })),
		effect: "read",
	}),
});

export const work: Service<typeof Work> = {
	async sum({ a, b }) {
		return { v: a + b };
	},
	async concat({ a, b }) {
		return { v: a + b };
	},
	async *count({ upTo }) {
		for (let n = 0; n < upTo; n++) yield { n };
	},
};

/** Reads a stream to its end. Resolves with the number of its messages. */
export async function drained(messages: AsyncIterable<unknown>): Promise<number> {
	let count = 0;
	for await (const _ of messages) count++;
	return count;
}

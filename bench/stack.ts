import { contract, method, type Service, stream } from "allium";
import * as z from "zod";

/** Adds two integers. */
export type Sum = (input: { a: number; b: number }) => Promise<{ v: number }>;

/** Joins two texts. */
export type Concat = (input: { a: string; b: string }) => Promise<{ v: string }>;

/** One way to carry calls between two processes, as the benchmark drives it. */
export interface Stack {
	/** What the tables call it. */
	readonly name: string;
	/** How its `sum` is called over HTTP/1.1, for who is measured under `wrk`. */
	readonly http?: { readonly path: string; readonly body?: string };
	/** In the server's process: serves the work. Without it, there is no such process: the client does all. */
	serve?(variant: string): Promise<Server>;
	/** In the client's process. */
	connect(address: string, variant: string): Promise<Calls>;
}

/** A stack that serves. */
export interface Server {
	readonly address: string;
	/** Other processes that do part of the server's work; their processor time counts as the server's. */
	readonly helpers?: readonly Helper[];
	close(): Promise<void>;
}

export interface Helper {
	readonly pid: number;
	/** Whether it shall keep to the server's core; not what belongs to others on this machine. */
	readonly pin: boolean;
}

/** A stack that calls. What it does not offer is not measured of it. */
export interface Calls {
	readonly sum?: Sum;
	readonly concat?: Concat;
	/** Reads a stream of so many small messages `{ n }`; resolves with how many came. */
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

/** How many messages a stream brings. */
export async function drained(messages: AsyncIterable<unknown>): Promise<number> {
	let count = 0;
	for await (const _ of messages) count++;
	return count;
}

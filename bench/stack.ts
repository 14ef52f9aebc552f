import { contract, method, type Service } from "allium";
import * as z from "zod";

/** The work that every stack does: adds two integers. */
export type Sum = (input: { a: number; b: number }) => Promise<{ v: number }>;

/** One way to carry calls between two processes, as the benchmark drives it. */
export interface Stack {
	/** What the table calls it. */
	readonly name: string;
	/** In the server's process: serves `sum`. */
	serve(): Promise<{ address: string; close(): Promise<void> }>;
	/** In the client's process: calls it. */
	connect(address: string): Promise<{ sum: Sum; close(): Promise<void> }>;
}

/** The contract of the work, for the stacks of Allium. */
export const Work = contract("add", {
	sum: method({
		input: z.object({ a: z.int(), b: z.int() }),
		output: z.object({ v: z.int() }),
		effect: "read",
	}),
});

export const work: Service<typeof Work> = {
	async sum({ a, b }) {
		return { v: a + b };
	},
};

import type { Helper } from "./stack.ts";

/** The stack that a process of the benchmark runs. */
export interface Assignment {
	/** The file of the stack, relative to this folder. */
	readonly file: string;
	/** The variant, for stacks that have several. */
	readonly variant: string;
	/** The address of the server, for clients. */
	readonly address: string;
}

/** The kinds of calls that are measured. */
export const works = ["sum", "concat 100 B", "concat 10 KB"] as const;
export type Work = (typeof works)[number];

/** A client's task: calls for some time, or one stream. */
export type Task =
	| {
			readonly type: "calls";
			readonly work: Work;
			readonly concurrency: number;
			readonly milliseconds: number;
	  }
	| { readonly type: "stream"; readonly messages: number }
	| { readonly type: "usage" };

/** The resources that a process has used since it started. */
export interface Usage {
	readonly cpuSeconds: number;
	/** The memory of the process alone, without helpers. */
	readonly rssBytes: number;
}

/** The measurements of a client. */
export interface Measured {
	/** Calls, or messages of a stream. */
	readonly calls: number;
	readonly seconds: number;
	readonly p50us: number;
	readonly p99us: number;
	readonly cpuSeconds: number;
}

/** The report of a process of the benchmark that is ready. */
export interface Ready {
	readonly name: string;
	readonly address?: string;
	readonly helpers?: readonly Helper[];
	/** The work that the stack offers. */
	readonly offers?: readonly string[];
}

/** The answer of a process: the value, or the reason why there is none. */
export type Answer<Value> = { readonly value: Value } | { readonly error: string };

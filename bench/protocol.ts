import type { Helper } from "./stack.ts";

/** Which stack a process of the benchmark runs. */
export interface Assignment {
	/** The file of the stack, relative to this folder. */
	readonly file: string;
	/** What else the stack shall know, where it comes in variants. */
	readonly variant: string;
	/** For clients: where the server is. */
	readonly address: string;
}

/** The kinds of calls that are measured. */
export const works = ["sum", "concat 100 B", "concat 10 KB"] as const;
export type Work = (typeof works)[number];

/** What a client is asked for: calls for some time, or one stream. */
export type Task =
	| {
			readonly type: "calls";
			readonly work: Work;
			readonly concurrency: number;
			readonly milliseconds: number;
	  }
	| { readonly type: "stream"; readonly messages: number }
	| { readonly type: "usage" };

/** What a process has used since it began. */
export interface Usage {
	readonly cpuSeconds: number;
	/** Of the process alone, without helpers. */
	readonly rssBytes: number;
}

/** What a client measured. */
export interface Measured {
	/** Calls, or messages of a stream. */
	readonly calls: number;
	readonly seconds: number;
	readonly p50us: number;
	readonly p99us: number;
	readonly cpuSeconds: number;
}

/** What a process of the benchmark says when it is ready. */
export interface Ready {
	readonly name: string;
	readonly address?: string;
	readonly helpers?: readonly Helper[];
	/** Whether the stack has calls of that work. */
	readonly offers?: readonly string[];
}

/** What a process answers: what it was asked for, or why not. */
export type Answer<Value> = { readonly value: Value } | { readonly error: string };

import { type CallKind, type Format, jsonFormat } from "@allium/core";
import { test } from "vitest";
import type { CallLab } from "./call-lab.ts";
import type { CallCapability, CallSuiteOptions } from "./setup.ts";

export const kinds: readonly CallKind[] = ["unary", "server_stream", "client_stream", "bidi_stream"];
/** The kinds whose input is a stream. */
export const inputStreams: readonly CallKind[] = ["client_stream", "bidi_stream"];
/** The kinds whose output is a stream. */
export const outputStreams: readonly CallKind[] = ["server_stream", "bidi_stream"];

/** Takes a case. One that does not apply has nothing to run. */
export type DeclareCase = (title: string, run: (() => Promise<void>) | undefined) => void;

/** Declares a case as a test. */
function asTest(...[title, run]: Parameters<DeclareCase>): void {
	if (run === undefined) test.skip(title, () => {});
	else test(title, run);
}

/** Declares the cases of one transport. A case that needs a missing capability is skipped, and its title says why. */
export class Cases {
	readonly lab: CallLab;
	readonly maxMessageBytes: number;
	readonly maxBufferedBytes: number;
	readonly format: Format;
	/** The kinds of methods that the transport refuses to call. */
	readonly refused: readonly CallKind[];
	readonly #skip: Partial<Record<CallCapability, string>>;
	readonly #declare: DeclareCase;

	constructor(lab: CallLab, options: CallSuiteOptions, declare: DeclareCase = asTest) {
		this.lab = lab;
		this.#declare = declare;
		this.maxMessageBytes = options.maxMessageBytes ?? 4 * 1024 * 1024;
		this.maxBufferedBytes = options.maxBufferedBytes ?? 1024 * 1024;
		this.format = options.format ?? jsonFormat;
		this.refused = options.refuses ?? [];
		const refusals = this.refused.map((kind) => [kind, "calls of this kind are refused"] as const);
		this.#skip = { ...Object.fromEntries(refusals), ...options.skip };
	}

	/** Declares a case that needs some capabilities. */
	one(title: string, needs: readonly CallCapability[], run: (lab: CallLab) => Promise<void>): void {
		const reason = needs.map((need) => this.#skip[need]).find((found) => found !== undefined);
		if (reason === undefined) this.#declare(title, () => run(this.lab));
		else this.#declare(`${title} (skipped: ${reason})`, undefined);
	}

	/** Declares a case for each of some kinds of methods. */
	each(
		title: string,
		of: readonly CallKind[],
		run: (kind: CallKind, lab: CallLab) => Promise<void>,
		needs: readonly CallCapability[] = [],
	): void {
		for (const kind of of) this.one(`${kind}: ${title}`, [kind, ...needs], (lab) => run(kind, lab));
	}
}

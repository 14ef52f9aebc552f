import type { AnyEvent } from "@allium/core";
import type { AnyCode } from "./executed.ts";

/** The code for a run. */
export interface CodeOfVersion {
	readonly code: AnyCode;
	/** Whether it is the code that the run began with. */
	readonly isStrict: boolean;
}

/** The facts of a workflow. */
export interface WorkflowFacts {
	readonly name: string;
	readonly version: number;
	readonly start: AnyEvent;
	/** By type. */
	readonly receives: ReadonlyMap<string, AnyEvent>;
	codeOf(version: number): CodeOfVersion;
}

/** The options of a workflow, of any types. */
export interface AnyOptions {
	readonly receives?: readonly AnyEvent[];
	readonly version?: number;
	readonly versions?: Readonly<Record<number, AnyCode>>;
}

import type { Adapters, Environment } from "@allium/node";
import type { Terminal } from "../terminal/terminal.ts";
import type { ExitCode } from "./exit-code.ts";

/** What a shell may complete a word to: what the registry knows, what is on the disk, or some words. */
export type Completes = "services" | "methods" | "files" | "folders" | readonly string[];

/** A word that a command takes after its name. */
export interface Argument {
	readonly name: string;
	readonly summary: string;
	/** Default: it must be given. */
	readonly optional?: boolean;
	/** Whether it takes all that is left. Only for the last. */
	readonly many?: boolean;
	/** Default: nothing. */
	readonly completes?: Completes;
}

/** An option of a command: `--name`, or `--name value`. */
export interface Option {
	readonly summary: string;
	/** What the value is, such as `url`; without it the option is a switch. */
	readonly value?: string;
	/** Whether it may be given several times. */
	readonly many?: boolean;
	/** What its value may be completed to. Default: nothing. */
	readonly completes?: Completes;
}

/** What is said of a command, and how to get it. */
export interface Command {
	readonly name: string;
	readonly summary: string;
	/** Whether it is for programs, and no help lists it. */
	readonly isHidden?: boolean;
	readonly arguments: readonly Argument[];
	readonly options: Readonly<Record<string, Option>>;
	/** Whether its help lists the exit codes. */
	readonly showsExitCodes?: boolean;
	/** Paragraphs below the options. */
	readonly notes?: readonly string[];
	readonly examples?: readonly string[];
	/** Loads the command itself, so that only what is used is loaded. */
	load(): Promise<Run>;
}

/** A command that runs; resolves with how it ended. */
export type Run = (words: Words, surroundings: Surroundings) => Promise<ExitCode>;

/** The words of a command line, checked. */
export interface Words {
	readonly arguments: readonly string[];
	/** Whether a switch was given. */
	has(option: string): boolean;
	/** The value of an option; the last one that was given. */
	value(option: string): string | undefined;
	values(option: string): readonly string[];
}

/** What a command has around it. */
export interface Surroundings {
	readonly terminal: Terminal;
	readonly stdin: NodeJS.ReadStream;
	readonly env: Environment;
	readonly cwd: string;
	readonly adapters: Adapters;
}

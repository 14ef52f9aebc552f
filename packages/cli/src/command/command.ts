import type { Acceptor, Dialer } from "@allium/core/transport";
import type { Adapters, Environment } from "@allium/node";
import type { Terminal } from "../terminal/terminal.ts";
import type { ExitCode } from "./exit-code.ts";

/**
 * The completions of a word in a shell: names from the registry, the broker or a store, names of files, or fixed words.
 */
export type Completes =
	| "services"
	| "methods"
	| "topics"
	| "groups"
	| "views"
	| "versions"
	| "workflows"
	| "runs"
	| "streams"
	| "files"
	| "folders"
	| readonly string[];

/** An argument of a command, after the command's name. */
export interface Argument {
	readonly name: string;
	readonly summary: string;
	/** Default: no, it is required. */
	readonly optional?: boolean;
	/** Whether it takes all remaining words. Only for the last argument. */
	readonly many?: boolean;
	/** The completions of the argument. Default: none. */
	readonly completes?: Completes;
}

/** An option of a command: `--name`, or `--name value`. */
export interface Option {
	readonly summary: string;
	/** The name of the value, such as `url`; an option without one is a switch. */
	readonly value?: string;
	/** Whether it may be given several times. */
	readonly many?: boolean;
	/** The completions of the value. Default: none. */
	readonly completes?: Completes;
}

/** The description of a command, and how to load it. */
export interface Command {
	/** One word, or two for a command of a group: `tls init`. */
	readonly name: string;
	readonly summary: string;
	/** Whether it is meant for programs, so that no help lists it. */
	readonly isHidden?: boolean;
	readonly arguments: readonly Argument[];
	readonly options: Readonly<Record<string, Option>>;
	/** Whether its first two arguments may be written as one: `service/method`. */
	readonly takesPath?: boolean;
	/** Whether its help lists the exit codes. */
	readonly showsExitCodes?: boolean;
	/** Paragraphs below the options. */
	readonly notes?: readonly string[];
	readonly examples?: readonly string[];
	/** Loads the command itself, so that a run loads only what it uses. */
	load(): Promise<Run>;
}

/** A running command. It resolves with the exit code. */
export type Run = (words: Words, surroundings: Surroundings) => Promise<ExitCode>;

/** The words of a command line, checked. */
export interface Words {
	readonly arguments: readonly string[];
	/** Whether a switch was given. */
	has(option: string): boolean;
	/** The value of an option. If it was given several times, the last one. */
	value(option: string): string | undefined;
	values(option: string): readonly string[];
}

/** The surroundings of a command: its input, its output and its environment. */
export interface Surroundings {
	readonly terminal: Terminal;
	readonly stdin: NodeJS.ReadStream;
	readonly env: Environment;
	readonly cwd: string;
	readonly adapters: Adapters;
	readonly transports: readonly (Dialer | Acceptor)[];
}

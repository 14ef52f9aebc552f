import type { Code } from "@allium/core";
import { type ExitCode, exitCode } from "./exit-code.ts";

/** What is known of a failure beside its sentence. */
export interface CommandErrorOptions {
	/** Lines that help on, below the sentence. */
	readonly hints?: readonly string[];
	/** What `--json` calls it. */
	readonly code?: Code;
}

/** A failure that the person at the terminal is told in one sentence. */
export class CommandError extends Error {
	readonly exitCode: ExitCode;
	readonly hints: readonly string[];
	readonly code: Code;

	constructor(message: string, exitCode: ExitCode, options: CommandErrorOptions = {}) {
		super(message);
		this.exitCode = exitCode;
		this.hints = options.hints ?? [];
		this.code = options.code ?? "unknown";
	}
}

/** The command was not used as it must be. */
export function usageError(message: string, hints: readonly string[] = []): CommandError {
	return new CommandError(message, exitCode.usage, { hints, code: "invalid_argument" });
}

/** What was asked for is not there. */
export function notFound(message: string, hints: readonly string[] = []): CommandError {
	return new CommandError(message, exitCode.unavailable, { hints, code: "not_found" });
}

/** It is there, but nobody answers. */
export function unavailable(message: string, hints: readonly string[] = []): CommandError {
	return new CommandError(message, exitCode.unavailable, { hints, code: "unavailable" });
}

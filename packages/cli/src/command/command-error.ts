import type { Code } from "@allium/core";
import { type ExitCode, exitCode } from "./exit-code.ts";

/** The parts of a failure besides its sentence. */
export interface CommandErrorOptions {
	/** Lines below the sentence that tell the user what to do. */
	readonly hints?: readonly string[];
	/** The code in the output of `--json`. */
	readonly code?: Code;
}

/** A failure that is reported to the person at the terminal in one sentence. */
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

/** Makes the error of a command that was used wrongly. */
export function usageError(message: string, hints: readonly string[] = []): CommandError {
	return new CommandError(message, exitCode.usage, { hints, code: "invalid_argument" });
}

/** Makes the error of something that does not exist. */
export function notFound(message: string, hints: readonly string[] = []): CommandError {
	return new CommandError(message, exitCode.unavailable, { hints, code: "not_found" });
}

/** Makes the error of something that exists but does not answer. */
export function unavailable(message: string, hints: readonly string[] = []): CommandError {
	return new CommandError(message, exitCode.unavailable, { hints, code: "unavailable" });
}

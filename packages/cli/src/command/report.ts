import type { Terminal } from "../terminal/terminal.ts";
import { CommandError } from "./command-error.ts";
import { type ExitCode, exitCode } from "./exit-code.ts";

/** Reports an error on standard error, and returns the exit code. */
export async function report(error: unknown, terminal: Terminal, json: boolean): Promise<ExitCode> {
	const complain = (plain: object, lines: readonly string[]): void =>
		terminal.complain(json ? JSON.stringify(plain) : lines.join("\n"));
	const { red } = terminal.errorStyles;
	if (error instanceof CommandError) {
		const { code, message, hints } = error;
		complain({ code, message, ...(hints.length > 0 && { hints }) }, [red(message), ...hints]);
		return error.exitCode;
	}
	// Loaded here, so that commands that do not need the core do not load it.
	const { errorLines, exitCodeOf, isServiceError, plainError } = await import("./service-error-text.ts");
	if (isServiceError(error)) {
		const code = exitCodeOf(error);
		// A wrong argument is not a failure with a code.
		const lines =
			code === exitCode.usage ? [red(`${error.message}.`)] : errorLines(error, terminal.errorStyles);
		complain(plainError(error), lines);
		return code;
	}
	const message = error instanceof Error ? error.message : String(error);
	complain({ code: "internal", message }, [red(message)]);
	return exitCode.failed;
}

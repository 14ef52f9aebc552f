import { isServiceError, type ServiceError } from "@allium/core";
import type { Styles } from "../terminal/terminal.ts";
import { type ExitCode, exitCode } from "./exit-code.ts";

export { isServiceError };

/** A `ServiceError` as JSON for programs. */
export function plainError(error: ServiceError): object {
	const { code, reason, message, data, retryAfterMs, notExecuted } = error;
	return {
		code,
		...(reason !== undefined && { reason }),
		message,
		...(data !== undefined && { data }),
		...(retryAfterMs !== undefined && { retryAfterMs }),
		...(notExecuted && { notExecuted }),
	};
}

/** A `ServiceError` for people: code, reason and message, then its data. Issues have a line each, with their paths. */
export function errorLines(error: ServiceError, { red, bold }: Styles): string[] {
	const { code, reason, data } = error;
	const issues = issuesOf(data);
	const named = reason === undefined || reason === code ? code : `${code} (${reason})`;
	// The sentence summarises the issues, which follow in full.
	const message =
		issues === undefined ? error.message : error.message.replace(/^(invalid input[^:]*): .*$/s, "$1");
	const details = issues ?? (data === undefined ? [] : JSON.stringify(data, null, 2).split("\n"));
	return [`${red(bold(named))}: ${message}`, ...details.map((line) => `  ${line}`)];
}

/** Returns the exit code of a command that failed with an error. */
export function exitCodeOf({ code, reason }: ServiceError): ExitCode {
	if (reason === "invalid_configuration" || reason === "invalid_metadata") return exitCode.usage;
	if (code === "unavailable") return exitCode.unavailable;
	if (code === "deadline_exceeded") return exitCode.deadline;
	return exitCode.failed;
}

/** The issues of invalid input, one a line. Undefined if the data is something else. */
function issuesOf(data: unknown): string[] | undefined {
	if (typeof data !== "object" || data === null || !("issues" in data) || !Array.isArray(data.issues)) {
		return undefined;
	}
	return data.issues.map((issue: { path?: unknown; message?: unknown } | null) => {
		const path = Array.isArray(issue?.path) ? pathText(issue.path) : "";
		return path === "" ? String(issue?.message) : `${path}: ${issue?.message}`;
	});
}

/** `items[0].name` */
function pathText(path: readonly unknown[]): string {
	return path
		.map((key, index) => (typeof key === "number" ? `[${key}]` : index === 0 ? String(key) : `.${key}`))
		.join("");
}

import type { Logger } from "@allium/core";
import { type DiagLogger, DiagLogLevel, diag } from "@opentelemetry/api";

/** The least time between two reports of the same kind of trouble, in milliseconds. */
const quietMs = 60_000;

/**
 * Reports faults of the SDK itself, such as a collector that cannot be reached, at most once a minute.
 *
 * @returns a function that reports further trouble.
 */
export function logTrouble(logger: Logger | undefined): (message: string) => void {
	const say = logger === undefined ? warnProcess : (text: string) => logger.log("warn", text);
	let quietUntil = 0;
	const tell = (message: string): void => {
		if (performance.now() < quietUntil) return;
		quietUntil = performance.now() + quietMs;
		say(`telemetry: ${message}`);
	};
	const silent = (): void => {};
	const told: DiagLogger = { error: tell, warn: tell, info: silent, debug: silent, verbose: silent };
	diag.setLogger(told, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
	return tell;
}

function warnProcess(text: string): void {
	process.emitWarning(text, { code: "ALLIUM_TELEMETRY" });
}

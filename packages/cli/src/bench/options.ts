import type { LoadOptions } from "@allium/load";
import type { Words } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { durationOption, numberOption } from "../command/option-values.ts";

/** More than any process does: it was mistyped. */
const mostPerSecond = 10_000_000;
const mostAtOnce = 1_000_000;

/**
 * What the options say of the load.
 *
 * @throws CommandError for a value that cannot be, or options that contradict each other.
 */
export function loadOptions(words: Words): Omit<LoadOptions, "call"> {
	const rate = numberOption(words, "rate", "any", mostPerSecond);
	const expectedIntervalMs = durationOption(words, "expected-interval");
	if (rate !== undefined && expectedIntervalMs !== undefined) {
		throw usageError("--expected-interval corrects a closed loop; with --rate there is nothing to correct.");
	}
	return {
		rate,
		arrivals: arrivalsOf(words),
		concurrency: numberOption(words, "concurrency", "whole", mostAtOnce),
		durationMs: durationOption(words, "duration") ?? 10_000,
		warmupMs: /^0(ms|s)?$/.test(words.value("warmup") ?? "") ? 0 : (durationOption(words, "warmup") ?? 1_000),
		timeoutMs: durationOption(words, "timeout"),
		expectedIntervalMs,
	};
}

function arrivalsOf(words: Words): LoadOptions["arrivals"] {
	const text = words.value("arrivals");
	if (text === undefined) return undefined;
	if (!words.has("rate")) throw usageError("--arrivals is for an open loop; it needs a --rate.");
	if (text === "even" || text === "poisson") return text;
	throw usageError(`--arrivals takes even or poisson, and got ${JSON.stringify(text)}.`);
}

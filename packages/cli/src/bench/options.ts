import type { LoadOptions } from "@allium/load";
import type { Words } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { durationOption, numberOption } from "../command/option-values.ts";

/** More than any process can do. A larger number is a typing error. */
const mostPerSecond = 10_000_000;
const mostAtOnce = 1_000_000;

/**
 * Returns the load that the options ask for.
 *
 * @throws CommandError for an invalid value, or options that contradict each other.
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
	if (!words.has("rate")) throw usageError("--arrivals is for an open loop; give a --rate as well.");
	if (text === "even" || text === "poisson") return text;
	throw usageError(`--arrivals takes even or poisson, not ${JSON.stringify(text)}.`);
}

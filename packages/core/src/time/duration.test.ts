import { describe, expect, test } from "vitest";
import { leastLoaded } from "../balancer/least-loaded.ts";
import { outlierEjection } from "../balancer/outlier-ejection.ts";
import { peakEwma } from "../balancer/peak-ewma.ts";
import { slowStart } from "../balancer/slow-start.ts";
import { Context } from "../context/context.ts";
import { checkFrameLimits, defaultFrameLimits } from "../frames/frame-limits.ts";
import { memoryTransport } from "../frames/memory-transport.ts";
import { webSocketTransport } from "../frames/websocket-transport.ts";
import { checker } from "../health/checker.ts";
import { cache } from "../middleware/cache.ts";
import { circuitBreaker } from "../middleware/circuit-breaker.ts";
import { concurrencyLimit } from "../middleware/concurrency-limit.ts";
import { hedge } from "../middleware/hedge.ts";
import { retry } from "../middleware/retry.ts";
import { singleFlight } from "../middleware/single-flight.ts";
import { timeout } from "../middleware/timeout.ts";
import { memoryRegistry } from "../registry/memory-registry.ts";
import { checkDuration, type DurationKind } from "./duration.ts";

const check = async (): Promise<void> => {};
const frames = "of the limits of frames";

/** Every option of the core that is a duration. */
const options: readonly [name: string, kind: DurationKind, give: (milliseconds: number) => unknown][] = [
	["timeout()", "any", (ms) => timeout(ms)],
	["afterMs of hedge()", "any", (ms) => hedge({ afterMs: ms })],
	["firstDelayMs of retry()", "any", (ms) => retry({ firstDelayMs: ms })],
	["longestDelayMs of retry()", "any", (ms) => retry({ longestDelayMs: ms })],
	["windowMs of circuitBreaker()", "positive", (ms) => circuitBreaker({ windowMs: ms })],
	["openMs of circuitBreaker()", "any", (ms) => circuitBreaker({ openMs: ms })],
	["timeoutMs of singleFlight()", "any", (ms) => singleFlight({ timeoutMs: ms })],
	["ttlMs of cache()", "any", (ms) => cache({ ttlMs: ms })],
	["staleMs of cache()", "any", (ms) => cache({ ttlMs: 1, staleMs: ms })],
	["refreshTimeoutMs of cache()", "any", (ms) => cache({ ttlMs: 1, refreshTimeoutMs: ms })],
	["probeEveryMs of concurrencyLimit()", "positive", (ms) => concurrencyLimit({ probeEveryMs: ms })],
	["intervalMs of outlierEjection()", "positive", (ms) => outlierEjection(leastLoaded(), { intervalMs: ms })],
	["ejectionMs of outlierEjection()", "any", (ms) => outlierEjection(leastLoaded(), { ejectionMs: ms })],
	[
		"longestEjectionMs of outlierEjection()",
		"any",
		(ms) => outlierEjection(leastLoaded(), { longestEjectionMs: ms }),
	],
	["windowMs of slowStart()", "any", (ms) => slowStart(leastLoaded(), { windowMs: ms })],
	["decayMs of peakEwma()", "positive", (ms) => peakEwma({ decayMs: ms })],
	["penaltyMs of peakEwma()", "finite", (ms) => peakEwma({ penaltyMs: ms })],
	['everyMs of checker "a"', "positive", (ms) => checker("a", check, { everyMs: ms })],
	['timeoutMs of checker "a"', "positive", (ms) => checker("a", check, { timeoutMs: ms })],
	["ttlMs of memoryRegistry()", "positive", (ms) => memoryRegistry({ ttlMs: ms })],
	["connectTimeoutMs", "any", (ms) => webSocketTransport({ connectTimeoutMs: ms })],
	[`keepAliveMs ${frames}`, "positive", (ms) => memoryTransport({ limits: { keepAliveMs: ms } })],
	[`suspectMs ${frames}`, "any", (ms) => memoryTransport({ limits: { suspectMs: ms } })],
	[`idleMs ${frames}`, "any", (ms) => memoryTransport({ limits: { idleMs: ms } })],
	[`handshakeMs ${frames}`, "any", (ms) => webSocketTransport({ limits: { handshakeMs: ms } })],
];

describe("an option that is a duration", () => {
	test.each(options)("names itself when it is no duration: %s", (name, kind, give) => {
		const refused = [Number.NaN, -1, ...(kind === "positive" ? [0] : kind === "finite" ? [Infinity] : [])];
		for (const milliseconds of refused) {
			expect(() => give(milliseconds)).toThrow(RangeError);
			expect(() => give(milliseconds)).toThrow(`${name} takes milliseconds, `);
			expect(() => give(milliseconds)).toThrow(`it was given ${milliseconds}`);
		}
	});

	test.each(options)("takes whatever is one: %s", (_, kind, give) => {
		for (const milliseconds of [0.5, 2 ** 31, 1e15]) expect(() => give(milliseconds)).not.toThrow();
		if (kind !== "positive") expect(() => give(0)).not.toThrow();
		if (kind !== "finite") expect(() => give(Infinity)).not.toThrow();
	});

	test.each([
		["any", "gracePeriodMs takes milliseconds, at least 0, or Infinity for no limit; it was given -1"],
		["positive", "gracePeriodMs takes milliseconds, above 0, or Infinity for never; it was given -1"],
		["finite", "gracePeriodMs takes milliseconds, at least 0, and less than Infinity; it was given -1"],
	] as const)("is refused with one sentence: %s", (kind, sentence) => {
		expect(() => checkDuration("gracePeriodMs", -1, kind)).toThrow(new RangeError(sentence));
	});

	test("is not forgotten where it is a limit of frames", () => {
		const names = Object.keys(defaultFrameLimits).filter((name) => name.endsWith("Ms"));
		for (const name of names) expect(() => checkFrameLimits({ [name]: Number.NaN })).toThrow(`${name} of`);
	});

	test("is no text, not even that of a number", () => {
		const given: unknown = "5000";
		expect(() => checkDuration("gracePeriodMs", given as number)).toThrow(/; it was given "5000"$/);
	});
});

describe("a context", () => {
	test("is refused NaN as its time or its end", () => {
		expect(() => Context.background().withTimeout(Number.NaN)).toThrow(RangeError);
		expect(() => Context.background().withDeadline(Number.NaN)).toThrow(RangeError);
	});

	test("has ended where its time is below 0, as a remaining time may be", () => {
		expect(Context.background().withTimeout(-1).error?.code).toBe("deadline_exceeded");
	});

	test("has no deadline where its time is Infinity", () => {
		expect(Context.background().withTimeout(Infinity).remaining()).toBe(Infinity);
	});
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Context } from "../context/context.ts";
import type { Logger } from "../logger/logger.ts";
import { type Check, type CheckerOptions, checker } from "./checker.ts";
import { Health } from "./health.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
	vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
	health?.stop();
	expect(vi.getTimerCount()).toBe(0);
	vi.useRealTimers();
	vi.restoreAllMocks();
});

let health: Health | undefined;

/** The health of one started checker, the changes that it reported, and the lines that it logged. */
async function started(check: Check, options: CheckerOptions = {}) {
	const changes: boolean[] = [];
	const lines: string[] = [];
	const made = new Health([checker("database", check, { everyMs: 10_000, ...options })], {
		onChange: (isHealthy) => changes.push(isHealthy),
		logger: { log: (level, message) => void lines.push(`${level}: ${message}`) },
	});
	health = made;
	const starting = made.start();
	await vi.advanceTimersByTimeAsync(0);
	return { health: made, starting, changes, lines };
}

const passing: Check = async () => ({ version: "17" });
const failing: Check = () => Promise.reject(new Error("connection refused"));

describe("a check on an interval", () => {
	test("runs at once, and then every so often", async () => {
		const check = vi.fn(passing);
		const { starting } = await started(check);
		await starting;
		expect(check).toHaveBeenCalledTimes(1);
		await vi.advanceTimersByTimeAsync(50_000);
		expect(check).toHaveBeenCalledTimes(6);
	});

	test("is spread by a tenth, so that processes that started together do not check together", async () => {
		const check = vi.fn(passing);
		vi.mocked(Math.random).mockReturnValue(0);
		await started(check);
		await vi.advanceTimersByTimeAsync(8_999);
		expect(check).toHaveBeenCalledTimes(1);
		await vi.advanceTimersByTimeAsync(1);
		expect(check).toHaveBeenCalledTimes(2);
	});

	test("tells what it found, how long that took and when", async () => {
		const slow: Check = () => new Promise((resolve) => setTimeout(() => resolve({ version: "17" }), 30));
		const { health, starting } = await started(slow);
		await vi.advanceTimersByTimeAsync(30);
		await starting;
		expect(await health.report()).toEqual({
			ok: true,
			checks: [
				{
					name: "database",
					ok: true,
					critical: true,
					facts: { version: "17" },
					durationMs: 30,
					checkedAt: new Date().toISOString(),
				},
			],
		});
	});

	test("that has not run yet is not healthy", async () => {
		const { health } = await started(() => new Promise(() => {}));
		expect(await health.report()).toEqual({
			ok: false,
			checks: [{ name: "database", ok: false, critical: true }],
		});
	});

	test("does not delay a question for the health", async () => {
		const check = vi.fn(passing);
		const { health } = await started(check);
		await Promise.all([health.report(), health.report()]);
		expect(check).toHaveBeenCalledTimes(1);
	});

	test("that fails at once, or throws instead of rejecting, makes the process unhealthy from the start", async () => {
		for (const check of [
			failing,
			() => {
				throw new Error("connection refused");
			},
		]) {
			const { health, lines } = await started(check);
			expect(health.isHealthy).toBe(false);
			expect(await health.report()).toMatchObject({ ok: false, checks: [{ error: "connection refused" }] });
			expect(lines).toEqual(["warn: a health check fails"]);
			health.stop();
		}
	});

	test("is unhealthy after three failures in a row, and healthy after two successes", async () => {
		const check = vi.fn(passing);
		const { health, changes, lines } = await started(check);
		check.mockImplementation(failing);
		await vi.advanceTimersByTimeAsync(20_000);
		expect(health.isHealthy).toBe(true);
		expect(await health.report()).toMatchObject({
			ok: true,
			checks: [{ ok: true, error: "connection refused" }],
		});
		await vi.advanceTimersByTimeAsync(10_000);
		expect([health.isHealthy, (await health.report()).ok]).toEqual([false, false]);
		check.mockImplementation(passing);
		await vi.advanceTimersByTimeAsync(10_000);
		expect(health.isHealthy).toBe(false);
		await vi.advanceTimersByTimeAsync(10_000);
		expect(health.isHealthy).toBe(true);
		expect(changes).toEqual([true, false, true]);
		expect(lines).toEqual(["warn: a health check fails", "info: a health check passes again"]);
	});
});

describe("a check that never settles", () => {
	test("has failed after its time, and does not hold up the next run", async () => {
		const check = vi.fn<Check>(() => new Promise(() => {}));
		const { health, starting } = await started(check, { timeoutMs: 500 });
		await vi.advanceTimersByTimeAsync(500);
		await starting;
		expect(await health.report()).toMatchObject({
			checks: [{ ok: false, error: "no result within 500 ms" }],
		});
		check.mockImplementation(passing);
		await vi.advanceTimersByTimeAsync(20_000);
		expect(health.isHealthy).toBe(true);
	});

	test("is given up through its context", async () => {
		let seen: Context | undefined;
		await started(
			(ctx) => {
				seen = ctx;
				return new Promise(() => {});
			},
			{ timeoutMs: 500 },
		);
		expect([seen?.error, seen?.remaining()]).toEqual([undefined, 500]);
		await vi.advanceTimersByTimeAsync(500);
		expect(seen?.error).toMatchObject({ code: "deadline_exceeded" });
	});

	test("counts for nothing when it settles later", async () => {
		const late = Promise.withResolvers<void>();
		const check = vi.fn(passing).mockReturnValueOnce(late.promise as Promise<never>);
		const { health } = await started(check, { timeoutMs: 500, successes: 1 });
		await vi.advanceTimersByTimeAsync(20_500);
		expect(health.isHealthy).toBe(true);
		late.reject(new Error("late"));
		await vi.advanceTimersByTimeAsync(0);
		expect(await health.report()).toMatchObject({ ok: true, checks: [{ facts: { version: "17" } }] });
	});
});

describe("a check in band", () => {
	const inBand: CheckerOptions = { inBand: true, everyMs: 1_000 };

	test("runs when somebody asks, and then not for a while: many probes are one check", async () => {
		const check = vi.fn(passing);
		const { health } = await started(check, inBand);
		expect(check).not.toHaveBeenCalled();
		await Promise.all(Array.from({ length: 100 }, () => health.report()));
		await health.report();
		expect(check).toHaveBeenCalledTimes(1);
		await vi.advanceTimersByTimeAsync(1_000);
		expect(await health.report()).toMatchObject({ ok: true });
		expect(check).toHaveBeenCalledTimes(2);
	});

	test("does not run before the start, when a probe comes early: nothing is logged, and nothing is remembered", async () => {
		const check = vi.fn(failing);
		const lines: string[] = [];
		const logger: Logger = { log: (_, message) => void lines.push(message) };
		health = new Health([checker("database", check, inBand)], { logger });
		expect(await health.report()).toEqual({
			ok: false,
			checks: [{ name: "database", ok: false, critical: true }],
		});
		expect([check.mock.calls, lines]).toEqual([[], []]);
		check.mockImplementation(passing);
		await health.start();
		expect((await health.report()).ok).toBe(true);
	});

	test("answers within its time", async () => {
		const { health } = await started(() => new Promise(() => {}), inBand);
		const report = health.report();
		await vi.advanceTimersByTimeAsync(800);
		expect(await report).toMatchObject({ ok: false, checks: [{ error: "no result within 800 ms" }] });
	});

	test("counts each result, and the registry is not told", async () => {
		const check = vi.fn(failing);
		const { health, changes } = await started(check, inBand);
		expect([(await health.report()).ok, health.isHealthy]).toEqual([false, true]);
		check.mockImplementation(passing);
		await vi.advanceTimersByTimeAsync(1_000);
		expect((await health.report()).ok).toBe(true);
		expect(changes).toEqual([]);
	});
});

describe("several checks", () => {
	test("that are not critical are reported alone", async () => {
		const { health, changes } = await started(failing, { critical: false });
		expect([health.isHealthy, changes]).toEqual([true, []]);
		expect(await health.report()).toMatchObject({ ok: true, checks: [{ ok: false, critical: false }] });
	});

	test("must all be healthy, and each has a name of its own", async () => {
		health = new Health([checker("a", passing), checker("b", failing)]);
		await health.start();
		expect(health.isHealthy).toBe(false);
		expect(() => new Health([checker("a", passing), checker("a", passing)])).toThrow(
			'two checkers named "a"',
		);
	});

	test("that are none are healthy", async () => {
		health = new Health([]);
		await health.start();
		expect([health.isHealthy, await health.report()]).toEqual([true, { ok: true, checks: [] }]);
	});
});

describe("when it stops", () => {
	test("a run that is under way is given up, and counts for nothing", async () => {
		let seen: Context | undefined;
		const { health, starting, changes } = await started((ctx) => {
			seen = ctx;
			return new Promise(() => {});
		});
		health.stop();
		await starting;
		expect(seen?.error).toMatchObject({ code: "canceled" });
		expect(changes).toEqual([]);
		expect(vi.getTimerCount()).toBe(0);
	});

	test("nothing runs any more, not even in band", async () => {
		const check = vi.fn(passing);
		const { health } = await started(check, { inBand: true });
		health.stop();
		expect(await health.report()).toMatchObject({ ok: false });
		expect(check).not.toHaveBeenCalled();
	});
});

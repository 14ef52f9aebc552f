import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { silentLogger } from "../../logger/logger.ts";
import { memoryGroupState } from "../memory-group-state.ts";
import { type Faults, FaultyState } from "./fixtures/faulty-state.ts";
import { Membership } from "./membership.ts";

const ttlMs = 1_000;
let faults: Faults;
let told: string[];
let membership: Membership;
let stop: () => void;

beforeEach(async () => {
	vi.useFakeTimers();
	faults = { failing: 0, slowMs: 0, isCut: false };
	told = [];
	const state = new FaultyState(memoryGroupState(), faults);
	membership = new Membership({ state, ttlMs, logger: silentLogger });
	stop = membership.follow({ onLost: () => told.push("lost"), onAlive: () => told.push("alive") });
	await vi.advanceTimersByTimeAsync(0);
});
afterEach(() => {
	stop();
	vi.restoreAllMocks();
	vi.useRealTimers();
});

describe("a member", () => {
	test("is alive once it was renewed, and stays so", async () => {
		expect(told).toEqual(["alive"]);
		await vi.advanceTimersByTimeAsync(20 * ttlMs);
		expect([membership.isAlive(), told]).toEqual([true, ["alive"]]);
	});

	test("may have lost all a time to live after it sent the last renewal that arrived", async () => {
		await vi.advanceTimersByTimeAsync(ttlMs);
		faults.isCut = true;
		const lastRenewal = performance.now();
		await vi.advanceTimersByTimeAsync(ttlMs - 1);
		expect(told).toEqual(["alive"]);
		await vi.advanceTimersByTimeAsync(1);
		expect(told).toEqual(["alive", "lost"]);
		expect(performance.now() - lastRenewal).toBeLessThanOrEqual(ttlMs);
		expect(membership.trouble).toContain("does not answer");
	});

	test("counts from before a renewal was sent, however late the answer is", async () => {
		faults.slowMs = 400;
		vi.spyOn(Math, "random").mockReturnValue(1);
		await vi.advanceTimersByTimeAsync(ttlMs / 4);
		const sent = performance.now();
		await vi.advanceTimersByTimeAsync(401);
		faults.isCut = true;
		await vi.advanceTimersByTimeAsync(ttlMs - (performance.now() - sent) - 1);
		expect(membership.isAlive()).toBe(true);
		await vi.advanceTimersByTimeAsync(1);
		expect(membership.isAlive()).toBe(false);
	});

	test("is alive again when the state answers again", async () => {
		faults.isCut = true;
		await vi.advanceTimersByTimeAsync(10 * ttlMs);
		faults.isCut = false;
		await vi.advanceTimersByTimeAsync(ttlMs);
		expect(told).toEqual(["alive", "lost", "alive"]);
		expect(membership.trouble).toBeUndefined();
	});

	test("may have lost all when the machine was suspended, which the wall clock alone tells", () => {
		vi.setSystemTime(Date.now() + ttlMs);
		expect([membership.isAlive(), told]).toEqual([false, ["alive", "lost"]]);
	});

	test("may have lost all when the process was suspended, before any timer has fired", () => {
		const now = performance.now.bind(performance);
		vi.spyOn(performance, "now").mockImplementation(() => now() + ttlMs);
		expect([membership.isAlive(), told]).toEqual([false, ["alive", "lost"]]);
	});

	test("is not renewed any more, and leaves no timer, when nobody follows", () => {
		stop();
		expect([membership.isAlive(), vi.getTimerCount()]).toEqual([false, 0]);
	});
});

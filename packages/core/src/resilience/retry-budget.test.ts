import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RetryBudget } from "./retry-budget.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

/** How many retries the budget grants before it refuses one. */
function withdrawAll(budget: RetryBudget): number {
	let granted = 0;
	while (granted < 10_000 && budget.withdraw()) granted++;
	return granted;
}

test("ten retries a second are always allowed, for a window of 10 s", () => {
	const budget = new RetryBudget();
	expect(withdrawAll(budget)).toBe(100);
	vi.advanceTimersByTime(9_000);
	expect(withdrawAll(budget)).toBe(0);
	vi.advanceTimersByTime(2_000);
	expect(withdrawAll(budget)).toBe(100);
});

test("a tenth of the calls of the last 10 s comes on top", () => {
	const budget = new RetryBudget({ minimumPerSecond: 0 });
	for (let calls = 0; calls < 505; calls++) budget.deposit();
	expect(withdrawAll(budget)).toBe(50);
});

test("calls before that are forgotten", () => {
	const budget = new RetryBudget({ minimumPerSecond: 0 });
	for (let calls = 0; calls < 100; calls++) budget.deposit();
	vi.advanceTimersByTime(11_000);
	for (let calls = 0; calls < 20; calls++) budget.deposit();
	expect(withdrawAll(budget)).toBe(2);
});

test("the share can be chosen", () => {
	const budget = new RetryBudget({ ratio: 0.5, minimumPerSecond: 0 });
	for (let calls = 0; calls < 10; calls++) budget.deposit();
	expect(withdrawAll(budget)).toBe(5);
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LeaseExpiry } from "./lease-expiry.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The leases of ninety seconds of many instances. The named ones are renewed every thirty seconds. */
function leases(count: number, selfPreservation = true) {
	const ended: string[] = [];
	const said: string[] = [];
	const expiry = new LeaseExpiry({
		selfPreservation,
		logger: { log: (level) => void said.push(level) },
		expired: (key) => void ended.push(key),
	});
	const names = Array.from({ length: count }, (_, index) => `i${index}`);
	for (const name of names) expiry.renewed(name, 90_000);
	const pass = (seconds: number, renewing: readonly string[]): void => {
		for (let passed = 0; passed < seconds; passed += 30) {
			vi.advanceTimersByTime(30_000);
			for (const name of renewing) expiry.renewed(name, 90_000);
		}
	};
	return { expiry, ended, said, names, pass };
}

describe("self-preservation", () => {
	test("a few that fall silent among many end", () => {
		const { ended, names, pass, said } = leases(20);
		pass(120, names.slice(3));
		expect(ended).toEqual(["i0", "i1", "i2"]);
		expect(said).toEqual([]);
	});

	test("none ends while more than 15 % are silent; it warns once", () => {
		const { ended, names, pass, said } = leases(20);
		pass(3_600, names.slice(4));
		expect(ended).toEqual([]);
		expect(said).toEqual(["warn"]);
	});

	test("those that are silent at different times are seen together", () => {
		const { expiry, ended, names, pass } = leases(20);
		for (const name of names) {
			vi.advanceTimersByTime(1_000);
			expiry.renewed(name, 90_000);
		}
		pass(600, []);
		expect(ended).toEqual([]);
	});

	test("once most of them are back, the others end", () => {
		const { ended, names, pass, said } = leases(20);
		pass(300, []);
		pass(60, names.slice(1));
		expect(ended).toEqual(["i0"]);
		expect(said).toEqual(["warn", "info"]);
	});

	test("where it is off, each ends by itself", () => {
		const { ended, names, pass } = leases(3, false);
		pass(120, []);
		expect(ended).toEqual(names);
	});
});

test("a lease that is kept can be ended, the one that ran out first", () => {
	const { expiry, ended, pass } = leases(2);
	expect(expiry.endOne()).toBe(false);
	pass(120, []);
	expect([expiry.endOne(), expiry.endOne(), expiry.endOne()]).toEqual([true, true, false]);
	expect(ended).toEqual(["i0", "i1"]);
});

test("nothing is left after close", () => {
	const { expiry, pass } = leases(2);
	pass(120, []);
	expiry.close();
	expect(vi.getTimerCount()).toBe(0);
});

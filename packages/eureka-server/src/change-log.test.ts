import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ChangeLog } from "./change-log.ts";
import { readInstance } from "./eureka-instance.ts";
import { LeasedInstance } from "./leased-instance.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const times = { registeredAt: 1, renewedAt: 1, updatedAt: 1, upAt: 1 };

function change(id: string, version: number): LeasedInstance {
	return new LeasedInstance(
		readInstance({ instanceId: id, hostName: "a", app: "CART" }, "CART"),
		times,
		"ADDED",
		version,
	);
}

function versions(changes: readonly LeasedInstance[] | undefined): number[] | undefined {
	return changes?.map(({ version }) => version);
}

test("the last change of each instance is told, the earliest first", () => {
	const log = new ChangeLog(1e6, 10);
	for (const [version, id] of ["a", "b", "a"].entries()) log.add(change(id, 11 + version));
	expect(versions(log.all())).toEqual([12, 13]);
	expect(versions(log.since(10))).toEqual([12, 13]);
	expect(versions(log.since(12))).toEqual([13]);
	expect(versions(log.since(13))).toEqual([]);
});

test("changes are told for three minutes, and a client that knows none of them is told so", () => {
	const log = new ChangeLog(1e6, 10);
	expect(log.since(9)).toBeUndefined();
	log.add(change("a", 11));
	vi.advanceTimersByTime(100_000);
	log.add(change("b", 12));
	vi.advanceTimersByTime(100_000);
	expect(log.since(10)).toBeUndefined();
	expect(versions(log.since(11))).toEqual([12]);
	expect(versions(log.all())).toEqual([12]);
});

test("the earliest changes are forgotten where they take too much memory", () => {
	const log = new ChangeLog(2.5 * change("a", 1).bytes, 0);
	for (const [version, id] of ["a", "b", "c"].entries()) log.add(change(id, version + 1));
	expect(versions(log.all())).toEqual([2, 3]);
	expect(log.since(0)).toBeUndefined();
});

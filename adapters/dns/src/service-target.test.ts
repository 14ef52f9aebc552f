import { expect, test } from "vitest";
import { preferredTargets, type ServiceTarget, shares } from "./service-target.ts";

function target(name: string, priority: number, weight: number, addresses = ["10.0.0.1"]): ServiceTarget {
	return { name, port: 4000, priority, weight, addresses };
}

test("the lowest number is preferred", () => {
	const targets = [target("backup", 20, 1), target("a", 10, 1), target("b", 10, 1)];
	expect(preferredTargets(targets).map(({ name }) => name)).toEqual(["a", "b"]);
});

test("the next one is used while no target of the lowest has an address", () => {
	const targets = [target("a", 10, 1, []), target("backup", 20, 1)];
	expect(preferredTargets(targets).map(({ name }) => name)).toEqual(["backup"]);
	expect(preferredTargets([])).toEqual([]);
});

test("a share is relative to the mean of its priority", () => {
	const targets = [target("a", 10, 30), target("b", 10, 10), target("c", 20, 7)];
	expect(targets.map(shares(targets))).toEqual([1.5, 0.5, 1]);
});

test("equal weights are the share 1, whatever their number, and so are weights of 0", () => {
	const equal = [target("a", 10, 33), target("b", 10, 33), target("c", 10, 33)];
	expect(equal.map(shares(equal))).toEqual([1, 1, 1]);
	const none = [target("a", 10, 0), target("b", 10, 0)];
	expect(none.map(shares(none))).toEqual([1, 1]);
});

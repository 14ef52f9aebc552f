import { describe, expect, test } from "vitest";
import type { BrokerFeatures } from "./broker.ts";
import { allFeatures } from "./fixtures/published.ts";
import { guaranteesOf } from "./guarantees.ts";

const weak: BrokerFeatures = {
	...allFeatures,
	keyOrder: false,
	replay: false,
	park: false,
	fenced: false,
	syncs: "later",
};

describe("a group that asks for nothing", () => {
	test("gets the strongest that its broker offers", () => {
		expect(guaranteesOf("rewards", {}, allFeatures)).toEqual({
			order: "key",
			park: "key",
			survives: "power cuts",
			fenced: true,
		});
	});

	test("begins on a weak broker as well, with what there is", () => {
		expect(guaranteesOf("rewards", {}, weak)).toEqual({
			order: "none",
			park: "nothing",
			survives: "crashes of processes",
			fenced: false,
		});
	});

	test("has single events parked where the broker cannot hold a key", () => {
		expect(guaranteesOf("rewards", {}, { ...allFeatures, park: "event" }).park).toBe("event");
	});
});

test("a group may ask for less than its broker offers", () => {
	expect(guaranteesOf("rewards", { park: "event" }, allFeatures).park).toBe("event");
});

test("what replicas hold survives the loss of a server", () => {
	expect(guaranteesOf("rewards", {}, { ...allFeatures, syncs: "replicas" }).survives).toBe(
		"the loss of a server",
	);
});

describe("what is asked for and missing is refused, with what to do:", () => {
	test.each([
		[{ order: "key" }, 'asks for order by key, but mqtt: does not keep it; leave out order: "key"'],
		[{ from: "start" }, 'asks for from: "start", but mqtt: has no earlier events; begin from "now"'],
		[{ from: new Date(0) }, 'asks for from: a time, but mqtt: has no earlier events; begin from "now"'],
		[{ park: "key" }, 'asks for park: "key", but mqtt: cannot hold a key; leave out park: "key"'],
		[{ park: "event" }, 'asks for park: "event", but mqtt: cannot park events; leave out park: "event"'],
	] as const)("%j", (options, message) => {
		expect(() => guaranteesOf("rewards", options, weak, "mqtt:")).toThrow(
			expect.objectContaining({
				code: "failed_precondition",
				reason: "not_offered",
				message: `rewards ${message}, or use another broker`,
			}),
		);
	});
});

import { describe, expect, test } from "vitest";
import { KnownInstances } from "./known-instances.ts";

function listed(id: string, fields: object = {}): object {
	return { instanceId: id, app: "CART", hostName: "10.0.0.7", status: "UP", vipAddress: "cart", ...fields };
}

function known(...instances: object[]): KnownInstances {
	const known = new KnownInstances("default");
	known.replace({ version: "1", hash: "", instances: instances.map((one) => ({ ...one })) });
	return known;
}

describe("the hash", () => {
	test("counts the instances by status, in the order of the alphabet", () => {
		const down = { status: "DOWN" };
		expect(known().hash).toBe("");
		expect(known(listed("a"), listed("b", down), listed("c")).hash).toBe("DOWN_1_UP_2_");
	});

	test("counts those that cannot be used, too", () => {
		expect(known(listed("a"), { instanceId: "b" }).hash).toBe("UNKNOWN_1_UP_1_");
		expect(known({ instanceId: "b" }).records()).toEqual([]);
	});
});

test("changes are taken in, also when they are told twice, and an app that is unknown leaves nothing", () => {
	const instances = known(listed("a"), listed("b"));
	const changes = [
		{ ...listed("a"), actionType: "DELETED" },
		{ ...listed("c"), actionType: "ADDED" },
		{ ...listed("d"), actionType: "DELETED" },
	];
	for (let times = 0; times < 2; times++) instances.apply({ version: "2", hash: "", instances: changes });
	expect(instances.records().map(({ instance }) => instance.id)).toEqual(["CART/b", "CART/c"]);
});

test("the record of an instance that did not change is the same one, although its lease was renewed", () => {
	const instances = known(listed("a", { leaseInfo: { lastRenewalTimestamp: 1 }, lastUpdatedTimestamp: "1" }));
	const [before] = instances.records();
	const again = listed("a", { leaseInfo: { lastRenewalTimestamp: 2 }, lastUpdatedTimestamp: "2" });
	instances.replace({ version: "2", hash: "", instances: [{ ...again }] });
	expect(instances.records()[0]).toBe(before);
});

describe("how long others may take to register again", () => {
	test("is the longest lease, whether it is written as a number or as a text", () => {
		expect(known().longestMs).toBe(0);
		const leases = [{ durationInSecs: 30 }, { durationInSecs: "90" }, { durationInSecs: "soon" }, {}];
		expect(known(...leases.map((leaseInfo, index) => listed(`${index}`, { leaseInfo }))).longestMs).toBe(
			90_000,
		);
	});

	test("is bounded, whatever a stranger claims", () => {
		for (const durationInSecs of [2_000_000_000, "1e999"]) {
			expect(known(listed("a", { leaseInfo: { durationInSecs } })).longestMs).toBe(300_000);
		}
	});
});

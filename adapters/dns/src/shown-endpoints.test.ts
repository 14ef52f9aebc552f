import { expect, test } from "vitest";
import type { DnsEndpoint } from "./name-server.ts";
import { ShownEndpoints } from "./shown-endpoints.ts";

const graceMs = 1_000;

function endpoints(...addresses: string[]): DnsEndpoint[] {
	return addresses.map((address) => ({ address, weight: 1, priority: undefined }));
}

/** The addresses that are shown. */
function addressesOf(shown: ShownEndpoints): string[] | undefined {
	return shown.endpoints === undefined ? undefined : Array.from(shown.endpoints, ({ address }) => address);
}

test("nothing is known before the first answer, which may be empty", () => {
	const shown = new ShownEndpoints(graceMs);
	shown.failed();
	expect(addressesOf(shown)).toBeUndefined();
	expect(shown.answered([], 0)).toBeUndefined();
	expect(addressesOf(shown)).toEqual([]);
});

test("what an answer lacks is gone at once", () => {
	const shown = new ShownEndpoints(graceMs);
	shown.answered(endpoints("a", "b"), 0);
	expect(shown.answered(endpoints("b"), 10)).toBeUndefined();
	expect(addressesOf(shown)).toEqual(["b"]);
	expect(shown.isDoubted("a")).toBe(false);
});

test("an empty answer takes nobody away until answers were empty for the grace", () => {
	const shown = new ShownEndpoints(graceMs);
	shown.answered(endpoints("a"), 0);
	expect(shown.answered([], 100)).toBe(1_100);
	expect(shown.answered([], 1_099)).toBe(1_100);
	expect(addressesOf(shown)).toEqual(["a"]);
	expect(shown.answered([], 1_100)).toBeUndefined();
	expect(addressesOf(shown)).toEqual([]);
	expect(shown.isDoubted("a")).toBe(true);
});

test("the grace of an empty answer begins again after one that is not empty", () => {
	const shown = new ShownEndpoints(graceMs);
	shown.answered(endpoints("a"), 0);
	shown.answered([], 100);
	shown.answered(endpoints("a"), 900);
	expect(shown.answered([], 1_200)).toBe(2_200);
	expect(addressesOf(shown)).toEqual(["a"]);
});

test("the first answers after an outage take nobody away, and bring who is new", () => {
	const shown = new ShownEndpoints(graceMs);
	shown.answered(endpoints("a", "b"), 0);
	shown.failed();
	expect(addressesOf(shown)).toEqual(["a", "b"]);
	expect(shown.answered(endpoints("b", "c"), 5_000)).toBe(6_000);
	expect(addressesOf(shown)).toEqual(["a", "b", "c"]);
	expect(shown.answered(endpoints("b", "c"), 6_000)).toBeUndefined();
	expect(addressesOf(shown)).toEqual(["b", "c"]);
	expect(shown.isDoubted("a")).toBe(true);
});

test("who is put again within the grace stays, and is not doubted", () => {
	const shown = new ShownEndpoints(graceMs);
	shown.answered(endpoints("a", "b"), 0);
	shown.failed();
	shown.answered(endpoints("b"), 5_000);
	expect(shown.answered(endpoints("a", "b"), 5_500)).toBeUndefined();
	expect(shown.answered(endpoints("b"), 7_000)).toBeUndefined();
	expect(shown.isDoubted("a")).toBe(false);
});

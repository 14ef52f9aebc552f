import { expect, test } from "vitest";
import { ChangedServices } from "./changed-services.ts";

const names = (count: number) => Array.from({ length: count }, (_, n) => `service${n}`);
const turn = () => new Promise((resolve) => setImmediate(resolve));

function given() {
	const updated: string[] = [];
	let done = 0;
	const changed = new ChangedServices({ update: (service) => updated.push(service), done: () => done++ });
	return { changed, updated, times: () => done };
}

test("few services are updated at once", () => {
	const { changed, updated, times } = given();
	changed.add(names(3));
	expect([updated, times()]).toEqual([names(3), 1]);
});

test("many are updated in parts, one in each turn of the event loop", async () => {
	const { changed, updated, times } = given();
	changed.add(names(250));
	expect([updated.length, times()]).toEqual([100, 0]);
	await turn();
	expect([updated.length, times()]).toEqual([200, 0]);
	await turn();
	expect([updated, times()]).toEqual([names(250), 1]);
});

test("a service that changes again before its turn is updated once", async () => {
	const { changed, updated } = given();
	changed.add(names(101));
	changed.add(names(101).slice(-1));
	await turn();
	expect(updated).toEqual(names(101));
});

test("none is updated after the end", async () => {
	const { changed, updated, times } = given();
	changed.add(names(101));
	changed.close();
	await turn();
	expect([updated.length, times()]).toEqual([100, 0]);
});

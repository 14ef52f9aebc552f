import { expect, test, vi } from "vitest";
import { Arrivals } from "./arrivals.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("what arrives in one turn is taken up after it, in order", async () => {
	const taken: number[] = [];
	const arrivals = new Arrivals<number>((item) => taken.push(item));
	arrivals.add(1);
	arrivals.add(2);
	expect(taken).toEqual([]);
	await turn();
	expect(taken).toEqual([1, 2]);
});

test("what arrives while others are taken up waits for the next turn", async () => {
	const taken: number[] = [];
	const arrivals = new Arrivals<number>((item) => {
		taken.push(item);
		if (item === 1) arrivals.add(3);
	});
	arrivals.add(1);
	arrivals.add(2);
	await turn();
	expect(taken).toEqual([1, 2]);
	await turn();
	expect(taken).toEqual([1, 2, 3]);
});

test("an item that cannot be taken up is an uncaught error, and the items behind it are taken up", async () => {
	const taken: number[] = [];
	const arrivals = new Arrivals<number>((item) => {
		if (item === 1) throw new Error("broken");
		taken.push(item);
	});
	const uncaught = vi.fn();
	const listeners = process.rawListeners("uncaughtException") as NodeJS.UncaughtExceptionListener[];
	process.removeAllListeners("uncaughtException");
	process.once("uncaughtException", uncaught);
	try {
		for (const item of [1, 2, 3]) arrivals.add(item);
		await vi.waitFor(() => expect(taken).toEqual([2, 3]));
		expect(uncaught).toHaveBeenCalledTimes(1);
	} finally {
		process.removeAllListeners("uncaughtException");
		for (const listener of listeners) process.on("uncaughtException", listener);
	}
});

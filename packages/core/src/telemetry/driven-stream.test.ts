import { AsyncLocalStorage } from "node:async_hooks";
import { expect, test } from "vitest";
import { driven } from "./driven-stream.ts";

const local = new AsyncLocalStorage<string>();

test("a generator runs in the context in which the stream was made, before and after each message", async () => {
	async function* stores() {
		yield local.getStore();
		await Promise.resolve();
		yield local.getStore();
	}
	const stream = local.run("made", () => driven(stores()));
	const seen = await local.run("read", () => Array.fromAsync(stream));
	expect(seen).toEqual(["made", "made"]);
});

test("messages that are asked for at once come in order, and the end too", async () => {
	async function* numbers() {
		yield 1;
		yield 2;
	}
	const iterator = driven(numbers())[Symbol.asyncIterator]();
	const results = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
	expect(results.map(({ value }) => value)).toEqual([1, 2, undefined, undefined]);
});

test("an error comes to whom it belongs", async () => {
	async function* breaks() {
		yield 1;
		throw new Error("broken");
	}
	const iterator = driven(breaks())[Symbol.asyncIterator]();
	expect(await iterator.next()).toEqual({ done: false, value: 1 });
	await expect(iterator.next()).rejects.toThrow("broken");
	expect(await iterator.next()).toEqual({ done: true, value: undefined });
});

test("breaking out does not wait for a message that never comes", async () => {
	let returned = false;
	const silent = {
		[Symbol.asyncIterator]: () => ({
			next: () => new Promise<IteratorResult<unknown>>(() => {}),
			async return() {
				returned = true;
				return { done: true as const, value: undefined };
			},
		}),
	};
	const iterator = driven(silent)[Symbol.asyncIterator]();
	void iterator.next();
	expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
	expect(returned).toBe(true);
});

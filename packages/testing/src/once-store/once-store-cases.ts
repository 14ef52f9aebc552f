import { Context, type OnceAttempt, type OnceStore } from "@allium/core";
import { expect } from "vitest";
import type { OnceStoreCase } from "./once-store-setup.ts";

const background = Context.background();

/** Longer than any test, in milliseconds. */
const long = 3_600_000;
/** Shorter than any test, in milliseconds. */
const short = 1;

const first: OnceAttempt = { id: "attempt-1", input: "hash-1" };
const second: OnceAttempt = { id: "attempt-2", input: "hash-2" };

/** Begins an attempt at the call that most cases use. */
function begin(store: OnceStore, attempt = first, { key = "call", markMs = long } = {}) {
	return store.begin(key, attempt, markMs, background);
}

function end(store: OnceStore, attempt = first, { outcome = "paid", ttlMs = long } = {}) {
	return store.end("call", attempt, outcome, ttlMs, background);
}

/** Begins an attempt, and a second one that has taken the call over. */
async function overtaken(store: OnceStore, patience: (assertion: () => Promise<void>) => Promise<void>) {
	await begin(store, first, { markMs: short });
	await patience(async () => expect(await begin(store, second)).toBeUndefined());
}

/** Everything that must hold for a store of `once`. */
export const onceStoreCases: readonly OnceStoreCase[] = [
	{
		title: "the first attempt gets the call, and others learn that it is under way and with which input",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			expect(await begin(left)).toBeUndefined();
			const underWay = { input: "hash-1", outcome: undefined };
			expect(await begin(right, second)).toEqual(underWay);
			expect(await begin(left, second)).toEqual(underWay);
		},
	},
	{
		title: "of many attempts at once, exactly one gets the call",
		async run(lab) {
			const handles = [await lab.open(), await lab.open()];
			const attempts = Array.from({ length: 50 }, (_, index) => ({ id: `attempt-${index}`, input: "hash" }));
			const known = await Promise.all(
				attempts.flatMap((attempt) => handles.map((handle) => begin(handle, attempt))),
			);
			expect(known.filter((record) => record === undefined)).toHaveLength(1);
		},
	},
	{
		title: "an outcome is told to all later attempts, as it was",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const outcome = `{"text":"é € 😀 ' \\" \\u0000","long":"${"x".repeat(60_000)}"}`;
			await begin(left);
			expect(await end(left, first, { outcome })).toBe(true);
			for (const handle of [left, right, right]) {
				expect(await begin(handle, second)).toEqual({ input: "hash-1", outcome });
			}
		},
	},
	{
		title: "calls with different keys have nothing in common",
		async run(lab) {
			const store = await lab.open();
			await begin(store);
			expect(await begin(store, first, { key: "Call" })).toBeUndefined();
			await end(store);
			expect(await begin(store, second, { key: "Call" })).toEqual({ input: "hash-1", outcome: undefined });
		},
	},
	{
		title: "an attempt that came to nothing leaves the call to the next",
		async run(lab) {
			const store = await lab.open();
			await begin(store);
			await store.abandon("call", first, background);
			expect(await begin(store, second)).toBeUndefined();
		},
	},
	{
		title: "only the attempt that has the call renews, ends or abandons it",
		async run(lab) {
			const store = await lab.open();
			await begin(store);
			expect(await store.renew("call", second, long, background)).toBe(false);
			expect(await end(store, second, { outcome: "paid twice" })).toBe(false);
			await store.abandon("call", second, background);
			expect(await begin(store, second)).toEqual({ input: "hash-1", outcome: undefined });
		},
	},
	{
		title: "a call that has ended stays as it is",
		async run(lab) {
			const store = await lab.open();
			await begin(store);
			await end(store);
			expect(await store.renew("call", first, short, background)).toBe(false);
			expect(await end(store, second, { outcome: "paid twice" })).toBe(false);
			await store.abandon("call", first, background);
			expect(await begin(store, second)).toEqual({ input: "hash-1", outcome: "paid" });
		},
	},
	{
		title: "a mark that expired leaves the call to the next attempt, and the one before has lost it",
		async run(lab) {
			const store = await lab.open();
			await overtaken(store, (assertion) => lab.eventually(assertion));
			expect(await store.renew("call", first, long, background)).toBe(false);
			expect(await end(store, first, { outcome: "paid twice" })).toBe(false);
			await store.abandon("call", first, background);
			expect(await begin(store, first)).toEqual({ input: "hash-2", outcome: undefined });
			expect(await end(store, second)).toBe(true);
		},
	},
	{
		title: "an attempt whose mark expired may still end a call that nobody has taken over",
		async run(lab) {
			const store = await lab.open();
			await begin(store, first, { markMs: short });
			const probe = { key: "probe", markMs: short };
			await begin(store, first, probe);
			await lab.eventually(async () => expect(await begin(store, second, probe)).toBeUndefined());
			expect(await end(store)).toBe(true);
			expect(await begin(store, second)).toEqual({ input: "hash-1", outcome: "paid" });
		},
	},
	{
		title: "a mark lasts from its renewal on",
		async run(lab) {
			const store = await lab.open();
			await begin(store);
			expect(await store.renew("call", first, short, background)).toBe(true);
			await lab.eventually(async () => expect(await begin(store, second)).toBeUndefined());
		},
	},
	{
		title: "an outcome is forgotten when its time is over",
		async run(lab) {
			const store = await lab.open();
			await begin(store);
			await end(store, first, { ttlMs: short });
			await lab.eventually(async () => expect(await begin(store, second)).toBeUndefined());
		},
	},
	{
		title: "an outcome is there after the server was killed",
		needs: ["outage"],
		timeoutMs: 180_000,
		async run(lab) {
			const store = await lab.open();
			await begin(store);
			await end(store);
			await lab.outage.kill();
			await lab.outage.restart();
			const later = await lab.open();
			await lab.eventually(async () =>
				expect(await begin(later, second)).toEqual({ input: "hash-1", outcome: "paid" }),
			);
		},
	},
];

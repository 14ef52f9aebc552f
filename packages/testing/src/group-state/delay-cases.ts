import type { Delayed } from "@allium/core/event";
import { expect } from "vitest";
import type { GroupStateCase } from "./group-state-case.ts";
import { background, cursor } from "./group-state-lab.ts";

const batch = 1_000;

/** Events that wait for their time. */
export const delayCases: readonly GroupStateCase[] = [
	{
		title: "delayed events are told that are due before a time, the earliest first",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			const delay = [50, 10, 40, 20, 30].map((due) => ({ cursor: cursor(100 - due), due }));
			await store.save(lease, { delay }, background);
			const dues = async (before: number, limit: number): Promise<number[]> =>
				(await store.delayed(0, before, limit, background)).map(({ due }) => due);
			expect(await dues(100, 10)).toEqual([10, 20, 30, 40, 50]);
			expect(await dues(30, 10)).toEqual([10, 20]);
			expect(await dues(100, 2)).toEqual([10, 20]);
			expect(await dues(10, 10)).toEqual([]);
			expect(await store.delayed(1, 100, 10, background)).toEqual([]);
		},
	},
	{
		title: "a delayed event goes when it is handled, and gets another time when it is delayed again",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			const delay = [1, 2, 3].map((due) => ({ cursor: cursor(due), due }));
			await store.save(lease, { delay }, background);
			await store.save(lease, { undelay: [cursor(2), cursor(99)] }, background);
			await store.save(lease, { delay: [{ cursor: cursor(1), due: 9 }] }, background);
			const left = [
				{ cursor: cursor(3), due: 3 },
				{ cursor: cursor(1), due: 9 },
			];
			expect(await store.delayed(0, 10, 10, background)).toEqual(left);
			expect(await store.counts(background)).toEqual({ retrying: 0, parked: 0, delayed: 2 });
		},
	},
	{
		title: "delayed events stay when the lane goes to another",
		async run(lab) {
			const [left, right] = [await lab.group("a"), await lab.group("b")];
			const lease = await lab.take(left, 0, "a");
			const due = 1_900_000_000_000;
			await left.save(lease, { delay: [{ cursor: cursor(1), due }], cursor: cursor(1) }, background);
			const next = await lab.take(right, 0, "b");
			expect(await right.delayed(0, due + 1, 10, background)).toEqual([{ cursor: cursor(1), due }]);
			await right.save(next, { undelay: [cursor(1)] }, background);
			expect(await right.delayed(0, due + 1, 10, background)).toEqual([]);
		},
	},
	{
		title: "a hundred thousand delayed events, or as many as the setup says, are asked by time",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			for (let from = 0; from < lab.many; from += batch) {
				const length = Math.min(batch, lab.many - from);
				const delay = Array.from({ length }, (_, index) => scattered(from + index, lab.many));
				await store.save(lease, { delay }, background);
			}
			const before = performance.now();
			const first = await store.delayed(0, 501, 100, background);
			lab.figures.set(`100 of ${lab.many} delayed events`, `${Math.round(performance.now() - before)} ms`);
			expect(first.map(({ due }) => due)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
			expect(await store.delayed(0, 501, 1_000, background)).toHaveLength(500);
			expect(await store.counts(background)).toEqual({ retrying: 0, parked: 0, delayed: lab.many });
			// The state of the lane does not contain them.
			expect((await lab.stateOf(store, 0)).deferred).toEqual([]);
		},
		timeoutMs: 180_000,
	},
];

/** Events whose times, from 1 on, are in another order than their places. */
function scattered(index: number, count: number): Delayed {
	return { cursor: cursor(index + 1), due: ((index * 7_919) % count) + 1 };
}

import type { DeferredInLane, GroupStore } from "@allium/core/event";
import { expect } from "vitest";
import type { GroupStateCase } from "./group-state-case.ts";
import { background, cursor, deferred, parkedKey, reported, sortedById } from "./group-state-lab.ts";

/** Parked events, and what operators do to them. */
export const parkingCases: readonly GroupStateCase[] = [
	{
		title: "parked events of all lanes are listed page by page, each once; others are not",
		async run(lab) {
			const store = await lab.group("a");
			const parked: DeferredInLane[] = [];
			for (let lane = 0; lane < 4; lane++) {
				const lease = await lab.take(store, lane, "a");
				const defer = Array.from({ length: 6 }, (_, index) => parkedKey(`${lane}-${index}`, index + 1));
				await store.save(lease, { defer: [...defer, deferred(`e:retrying-${lane}`)] }, background);
				parked.push(...defer.map((each) => ({ ...each, lane })));
			}
			const listed = await listAll(store, 5);
			expect(sortedById(listed)).toEqual(sortedById(parked));
			expect(await store.counts(background)).toEqual({ retrying: 4, parked: 24, delayed: 0 });
			expect((await store.parked({ limit: 100 }, background)).next).toBeUndefined();
		},
	},
	{
		title: "a listing goes on where it was, though events before that place are gone",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			const ids = ["k:a", "k:b", "k:c", "k:d", "k:e", "k:f"];
			const defer = ids.map((id, index) => parkedKey(id.slice(2), index + 1));
			await store.save(lease, { defer }, background);
			const { items, next } = await store.parked({ limit: 3 }, background);
			await store.save(lease, { settle: items.map(({ id }) => id) }, background);
			const rest = await store.parked({ limit: 10, after: next ?? expect.unreachable() }, background);
			expect([...items, ...rest.items].map(({ id }) => id).sort()).toEqual(ids);
		},
	},
	{
		title: "replay makes parked events due at once: all, by id, or by key; and twice is once",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			const defer = ["a", "b", "c", "d"].map((key) => parkedKey(key));
			await store.save(lease, { defer: [...defer, deferred("e:retrying")] }, background);
			const dues = async (): Promise<unknown[]> =>
				sortedById(await store.deferred(0, background)).map(({ id, due }) => [id, due]);
			expect(await store.replay({ keys: ["a", "unknown"] }, background)).toBe(1);
			expect(await store.replay({ ids: ["k:b", "e:retrying"] }, background)).toBe(1);
			const { due } = deferred("");
			expect(await dues()).toEqual([
				["e:retrying", due],
				["k:a", 0],
				["k:b", 0],
				["k:c", "parked"],
				["k:d", "parked"],
			]);
			expect(await store.replay("all", background)).toBe(2);
			expect(await store.replay("all", background)).toBe(0);
			expect(await store.counts(background)).toEqual({ retrying: 5, parked: 0, delayed: 0 });
			const [replayed] = (await store.deferred(0, background)).filter(({ id }) => id === "k:a");
			expect(replayed).toEqual({ ...parkedKey("a"), due: 0 });
		},
	},
	{
		title: "discard makes parked events due at once, to be passed over",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			await store.save(
				lease,
				{ defer: [parkedKey("a"), parkedKey("b"), deferred("e:retrying")] },
				background,
			);
			expect(await store.discard({ ids: ["k:a", "e:retrying"] }, background)).toBe(1);
			expect(sortedById(await store.deferred(0, background))).toEqual([
				deferred("e:retrying"),
				{ ...parkedKey("a"), due: 0, discard: true },
				parkedKey("b"),
			]);
			expect(await store.discard("all", background)).toBe(1);
		},
	},
	{
		title: "an operator's change counts as an edit of its lane, and of no other",
		async run(lab) {
			const store = await lab.group("a");
			for (const lane of [0, 1]) {
				const lease = await lab.take(store, lane, "a");
				await store.save(lease, { defer: [parkedKey(`of-${lane}`)] }, background);
			}
			const edits = async (): Promise<number[]> => {
				const { lanes = [] } = (await store.report(background)) ?? {};
				return lanes.toSorted((one, other) => one.lane - other.lane).map((lane) => lane.edits);
			};
			expect(await edits()).toEqual([0, 0, 0, 0]);
			await store.replay({ keys: ["of-1"] }, background);
			await lab.eventually(async () => expect(await edits()).toEqual([0, 1, 0, 0]));
			await store.discard("all", background);
			await lab.eventually(async () => expect(await edits()).toEqual([1, 1, 0, 0]));
		},
	},
	{
		title: "an operator's change costs the holder nothing: its saves go on, and do not undo it",
		async run(lab) {
			const [holder, operator] = [await lab.group("a"), await lab.group()];
			const lease = await lab.take(holder, 0, "a");
			const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
			await holder.save(lease, { defer: keys.map((key) => parkedKey(key)) }, background);
			const saves = async (): Promise<void> => {
				for (let position = 1; position <= 40; position++) {
					const defer = [deferred("e:busy", { attempt: position })];
					await holder.save(lease, { cursor: cursor(position), defer }, background);
				}
			};
			const replays = async (): Promise<void> => {
				for (const key of keys) expect(await operator.replay({ keys: [key] }, background)).toBe(1);
			};
			await Promise.all([saves(), replays()]);
			const left = await holder.deferred(0, background);
			expect(left.filter(({ due }) => due === 0)).toHaveLength(keys.length);
			expect(left.find(({ id }) => id === "e:busy")?.attempt).toBe(40);
			await lab.eventually(async () => {
				expect(await reported(holder, 0)).toMatchObject({ epoch: lease.epoch, cursor: cursor(40) });
			});
		},
	},
	{
		title: "what was parked stays parked when all processes have gone",
		async run(lab) {
			const state = await lab.open();
			const store = await lab.group("a");
			await store.save(await lab.take(store, 0, "a"), { defer: [parkedKey("k")] }, background);
			await state.resign("a", background);
			const later = await lab.group();
			expect((await listAll(later, 10)).map(({ id }) => id)).toEqual(["k:k"]);
			expect(await later.replay("all", background)).toBe(1);
			expect((await lab.stateOf(later, 0)).deferred).toEqual([{ ...parkedKey("k"), due: 0 }]);
		},
	},
];

/** All parked events, so many a page. */
async function listAll(store: GroupStore, limit: number): Promise<DeferredInLane[]> {
	const all: DeferredInLane[] = [];
	let after: string | undefined;
	do {
		const slice = await store.parked({ limit, ...(after !== undefined && { after }) }, background);
		expect(slice.items.length).toBeLessThanOrEqual(limit);
		all.push(...slice.items);
		after = slice.next;
	} while (after !== undefined);
	return all;
}

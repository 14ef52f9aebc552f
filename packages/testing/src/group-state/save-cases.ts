import type { LaneChange, LaneState } from "@allium/core/event";
import { expect } from "vitest";
import { hostileKeys } from "../log/text-cases.ts";
import type { GroupStateCase } from "./group-state-case.ts";
import {
	background,
	cursor,
	deferred,
	leaseLost,
	parkedKey,
	reported,
	sorted,
	sortedById,
} from "./group-state-lab.ts";

/** Saving what became of events. */
export const saveCases: readonly GroupStateCase[] = [
	{
		title: "what is saved is what the next holder finds",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			const change: LaneChange = {
				cursor: cursor(5),
				ahead: [cursor(7), cursor(9)],
				defer: [parkedKey("k", 3), deferred("e:4", { cursor: cursor(4), discard: true })],
				delay: [{ cursor: cursor(6), due: 10 }],
				crashes: 1,
				trying: { cursor: cursor(8), crashes: 2 },
			};
			await store.save(lease, change, background);
			const { ahead = [], defer = [], crashes } = change;
			const saved: LaneState = {
				cursor: cursor(5),
				ahead,
				deferred: sortedById(defer),
				crashes: (crashes ?? 0) + 1,
				trying: { cursor: cursor(8), crashes: 2 },
			};
			expect(await lab.stateOf(store, 0)).toEqual(saved);
			expect(await store.delayed(0, 11, 10, background)).toEqual([{ cursor: cursor(6), due: 10 }]);
			expect(sortedById(await store.deferred(0, background))).toEqual(saved.deferred);
			await lab.eventually(async () => expect((await reported(store, 0)).cursor).toBe(cursor(5)));
		},
	},
	{
		title: "what a change does not name stays as it is",
		async run(lab) {
			const store = await lab.group("a", "b");
			const lease = await lab.take(store, 0, "a");
			const trying = { cursor: cursor(2), crashes: 1 };
			const whole: LaneChange = { cursor: cursor(1), ahead: [cursor(3)], defer: [deferred("e:1")], trying };
			await store.save(lease, whole, background);
			await store.save(lease, { cursor: cursor(2) }, background);
			await store.save(lease, {}, background);
			const next = await lab.take(store, 0, "b");
			expect(next.state).toEqual({
				cursor: cursor(2),
				ahead: [cursor(3)],
				deferred: [deferred("e:1")],
				crashes: 1,
				trying,
			});
			await store.save(next, { ahead: [], trying: "none" }, background);
			const { ahead, trying: left } = await lab.stateOf(store, 0);
			expect([ahead, left]).toEqual([[], undefined]);
		},
	},
	{
		title: "a deferred event is put in the place of the one with its id, and settled by its id",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			await store.save(lease, { defer: ["e:1", "e:2", "k:a"].map((id) => deferred(id)) }, background);
			const again = deferred("e:2", { attempt: 2, due: 1_900_000_000_000 });
			await store.save(lease, { defer: [again], settle: ["e:1", "e:unknown"] }, background);
			expect(sortedById(await store.deferred(0, background))).toEqual([again, deferred("k:a")]);
		},
	},
	{
		title: "a save under an old epoch is refused, and changes nothing",
		async run(lab) {
			const store = await lab.group("a", "b");
			const old = await lab.take(store, 0, "a");
			await store.save(old, { cursor: cursor(1), defer: [deferred("e:1")] }, background);
			const lease = await lab.take(store, 0, "b");
			const change: LaneChange = {
				cursor: cursor(9),
				ahead: [cursor(11)],
				defer: [deferred("e:9")],
				settle: ["e:1"],
				delay: [{ cursor: cursor(8), due: 1 }],
				crashes: 7,
				trying: { cursor: cursor(9), crashes: 1 },
			};
			await expect(store.save(old, change, background)).rejects.toMatchObject(leaseLost);
			expect(await store.deferred(0, background)).toEqual([deferred("e:1")]);
			expect(await store.delayed(0, 10, 10, background)).toEqual([]);
			await store.release(lease, background);
			const state = await lab.stateOf(store, 0);
			expect(state).toEqual({ cursor: cursor(1), ahead: [], deferred: [deferred("e:1")], crashes: 0 });
		},
	},
	{
		title: "a save that races with a claim is in the state that the claim finds whole, or refused whole",
		async run(lab) {
			const [left, right] = [await lab.group("a"), await lab.group("b")];
			for (let round = 1; round <= 25; round++) {
				const lease = await lab.take(left, 0, "a");
				const defer = [deferred("e:latest", { cursor: cursor(round) })];
				const change = { cursor: cursor(round), ahead: [cursor(round + 1)], defer };
				const [saved, claimed] = await Promise.all([
					left.save(lease, change, background).then(
						() => true,
						() => false,
					),
					right.claim(0, "b", lease.epoch, background),
				]);
				const { state } = claimed ?? expect.unreachable();
				const isIn = state.cursor === cursor(round);
				expect(isIn).toBe(saved);
				expect(state.ahead.includes(cursor(round + 1))).toBe(isIn);
				expect(state.deferred.some((each) => each.cursor === cursor(round))).toBe(isIn);
			}
		},
	},
	{
		title: "a thousand deferred events and as many settled ahead are saved at once",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			const numbers = Array.from({ length: 1_000 }, (_, index) => index + 1);
			const defer = numbers.map((number) => deferred(`e:${number}`, { cursor: cursor(number) }));
			const ahead = numbers.map((number) => cursor(2_000 + number));
			await store.save(lease, { cursor: cursor(1_000), defer, ahead }, background);
			const state = await lab.stateOf(store, 0);
			expect(state.deferred).toEqual(sortedById(defer));
			expect(state.ahead).toEqual(ahead);
			expect(await store.counts(background)).toEqual({ retrying: 1_000, parked: 0, delayed: 0 });
		},
	},
	{
		title: "hostile keys and messages come back as they were, and are not taken for each other",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			const defer = hostileKeys.map((key, index) => ({
				...parkedKey(key, index + 1),
				error: { code: "unknown", message: key },
			}));
			await store.save(lease, { defer }, background);
			expect(sortedById(await store.deferred(0, background))).toEqual(sortedById(defer));
			for (const key of hostileKeys) expect(await store.replay({ keys: [key] }, background)).toBe(1);
			await store.save(lease, { settle: defer.map(({ id }) => id) }, background);
			expect(sorted(await lab.stateOf(store, 0)).deferred).toEqual([]);
		},
	},
	{
		title: "a context that has ended saves nothing",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			const { ctx, cancel } = background.withCancel();
			cancel();
			const saving = store.save(lease, { cursor: cursor(1) }, ctx);
			await expect(saving).rejects.toMatchObject({ code: "canceled" });
			expect((await lab.stateOf(store, 0)).cursor).toBe("");
		},
	},
];

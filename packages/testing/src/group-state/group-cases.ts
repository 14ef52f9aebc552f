import type { GroupId } from "@allium/core/event";
import { expect } from "vitest";
import type { GroupStateCase } from "./group-state-case.ts";
import {
	background,
	cursor,
	lanesAt,
	leaseLost,
	member,
	parkedKey,
	reported,
	rewards,
} from "./group-state-lab.ts";

/** Creating groups, and what identifies a group. */
export const groupCases: readonly GroupStateCase[] = [
	{
		title: "of many who make a group at once, one makes it, at its places",
		async run(lab) {
			const stores = await Promise.all(
				Array.from({ length: 8 }, async () => (await lab.open()).group(rewards)),
			);
			const made = await Promise.all(
				stores.map((store, index) => store.create(lanesAt(4, index + 1), background)),
			);
			expect(made.filter((each) => each)).toHaveLength(1);
			const place = cursor(made.indexOf(true) + 1);
			for (const store of stores) {
				const report = await store.report(background);
				expect(report?.lanes.map(({ lane }) => lane).sort()).toEqual([0, 1, 2, 3]);
				for (const lane of report?.lanes ?? []) {
					expect(lane).toMatchObject({ holder: undefined, cursor: place, edits: 0 });
				}
				expect(report?.members).toEqual([]);
			}
		},
	},
	{
		title: "a group that is there is not made again, and keeps its place",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			await store.save(lease, { cursor: cursor(7) }, background);
			expect(await (await lab.open()).group(rewards).create(lanesAt(4, 1), background)).toBe(false);
			expect((await lab.stateOf(store, 0)).cursor).toBe(cursor(7));
		},
	},
	{
		title: "a group that is missing tells nothing, and nobody can join it",
		async run(lab) {
			const store = (await lab.open()).group({ topic: "matches", group: "missing" });
			expect(await store.report(background)).toBeUndefined();
			expect(await store.members(background)).toEqual([]);
			expect(await store.claim(0, "a", 0, background)).toBeUndefined();
			expect(await store.deferred(0, background)).toEqual([]);
			expect(await store.delayed(0, Number.MAX_SAFE_INTEGER, 10, background)).toEqual([]);
			expect(await store.parked({ limit: 10 }, background)).toEqual({ items: [] });
			expect(await store.counts(background)).toEqual({ retrying: 0, parked: 0, delayed: 0 });
			expect(await store.replay("all", background)).toBe(0);
			expect(await store.discard("all", background)).toBe(0);
			await store.leave("a", background);
			await store.forget(background);
			const notFound = { code: "not_found" };
			await expect(store.join(member("a"), background)).rejects.toMatchObject(notFound);
			await expect(store.rewind(lanesAt(4, 1), background)).rejects.toMatchObject(notFound);
			await expect(store.changed(background)).rejects.toMatchObject(notFound);
		},
	},
	{
		title: "groups are listed with the time at which they were made",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			expect(await left.groups(background)).toEqual([]);
			const before = Date.now();
			await left.group(rewards).create(lanesAt(1, 0), background);
			const [group] = await right.groups(background);
			expect(group).toMatchObject(rewards);
			const createdAt = Date.parse(group?.createdAt ?? "");
			expect(createdAt).toBeGreaterThan(before - 5_000);
			expect(createdAt).toBeLessThan(Date.now() + 5_000);
		},
	},
	{
		title: "groups of one name on two topics, and of two names on one, have nothing in common",
		async run(lab) {
			const state = await lab.open();
			const ids: readonly GroupId[] = [
				{ topic: "matches", group: "rewards" },
				{ topic: "players", group: "rewards" },
				{ topic: "matches", group: "rewards-2" },
				{ topic: "matches.rewards", group: "rewards" },
				{ topic: "matches", group: "rewards.rewards" },
			];
			for (const [index, id] of ids.entries()) {
				expect(await state.group(id).create(lanesAt(2, index + 1), background)).toBe(true);
			}
			const [first = expect.unreachable()] = ids;
			const store = state.group(first);
			await store.join(member("a"), background);
			const lease = await lab.take(store, 0, "a");
			await store.save(lease, { cursor: cursor(9), defer: [parkedKey("k")] }, background);
			for (const [index, id] of ids.entries()) {
				const other = state.group(id);
				if (index === 0) continue;
				expect(await other.members(background)).toEqual([]);
				expect(await reported(other, 0)).toMatchObject({ holder: undefined, cursor: cursor(index + 1) });
				expect(await other.counts(background)).toMatchObject({ parked: 0 });
			}
			const listed = (await state.groups(background)).map(({ topic, group }) => `${topic} ${group}`);
			expect(listed.sort()).toEqual(ids.map(({ topic, group }) => `${topic} ${group}`).sort());
		},
	},
	{
		title: "hostile names of groups, members and events come back as they were",
		async run(lab) {
			const state = await lab.open();
			const names = [
				"__proto__",
				"a.b/c d*>",
				"'; DROP TABLE groups; --",
				"naïve 🧅",
				'quo"ted',
				"100%_",
				"A",
				"a",
			];
			for (const [index, name] of names.entries()) {
				const store = state.group({ topic: "matches", group: name });
				await store.create(lanesAt(1, index + 1), background);
				const handles = JSON.parse(`{${JSON.stringify(name)}:${index + 1}}`);
				await store.join(member(name, handles), background);
			}
			const listed = (await state.groups(background)).map(({ group }) => group);
			expect(listed.sort()).toEqual([...names].sort());
			for (const [index, name] of names.entries()) {
				const store = state.group({ topic: "matches", group: name });
				const [joined] = await store.members(background);
				expect(joined?.id).toBe(name);
				expect(Object.entries(joined?.handles ?? {})).toEqual([[name, index + 1]]);
				await store.claim(0, name, (await reported(store, 0)).epoch, background);
				await lab.eventually(async () => expect((await reported(store, 0)).holder).toBe(name));
			}
		},
	},
	{
		title: "a group is put at other places only while no member holds a lane, and begins there with nothing",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 1, "a");
			await store.save(lease, { cursor: cursor(5), defer: [parkedKey("k")], trying: trying(5) }, background);
			await store.save(lease, { delay: [{ cursor: cursor(6), due: 1 }], ahead: [cursor(8)] }, background);
			const refused = { code: "failed_precondition" };
			await expect(store.rewind(lanesAt(4, 2), background)).rejects.toMatchObject(refused);
			expect(await store.deferred(1, background)).toHaveLength(1);
			await store.release(lease, background);
			await store.rewind(lanesAt(4, 2), background);
			expect(await store.counts(background)).toEqual({ retrying: 0, parked: 0, delayed: 0 });
			const state = await lab.stateOf(store, 1);
			expect(state).toEqual({ cursor: cursor(2), ahead: [], deferred: [], crashes: 0 });
		},
	},
	{
		title: "a lease from before a group was put at other places saves nothing",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 1, "a");
			await store.leave("a", background);
			await store.rewind(lanesAt(4, 2), background);
			await expect(store.save(lease, { cursor: cursor(9) }, background)).rejects.toMatchObject(leaseLost);
			const next = await lab.take(store, 1, "b");
			expect(next.state.cursor).toBe(cursor(2));
			expect(next.epoch).toBeGreaterThan(lease.epoch);
		},
	},
	{
		title: "a group is removed only while no member holds a lane",
		async run(lab) {
			const state = await lab.open();
			const store = await lab.group("a");
			const lease = await lab.take(store, 1, "a");
			await expect(store.forget(background)).rejects.toMatchObject({ code: "failed_precondition" });
			await store.save(lease, { cursor: cursor(5), defer: [parkedKey("k")] }, background);
			await store.release(lease, background);
			await store.forget(background);
			expect(await state.groups(background)).toEqual([]);
			expect(await store.report(background)).toBeUndefined();
			expect(await store.parked({ limit: 10 }, background)).toEqual({ items: [] });
		},
	},
	{
		title:
			"a group that is made again under its name has nothing of the old one, and the old leases are worth nothing",
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 1, "a");
			await store.save(lease, { cursor: cursor(5), defer: [parkedKey("k")] }, background);
			await store.leave("a", background);
			await store.forget(background);
			await expect(store.save(lease, { cursor: cursor(9) }, background)).rejects.toMatchObject(leaseLost);
			expect(await store.create(lanesAt(4, 1), background)).toBe(true);
			const next = await lab.take(store, 1, "b");
			expect(next.epoch).toBeGreaterThan(lease.epoch);
			expect(next.state).toEqual({ cursor: cursor(1), ahead: [], deferred: [], crashes: 0 });
			await expect(store.save(lease, { cursor: cursor(9) }, background)).rejects.toMatchObject(leaseLost);
		},
	},
];

function trying(position: number): { readonly cursor: string; readonly crashes: number } {
	return { cursor: cursor(position), crashes: 1 };
}

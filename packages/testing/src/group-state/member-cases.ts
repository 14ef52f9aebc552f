import type { GroupStore, MemberReport } from "@allium/core/event";
import { expect } from "vitest";
import type { GroupStateCase } from "./group-state-case.ts";
import { background, lanesAt, member } from "./group-state-lab.ts";

/** Joining, renewing and leaving. */
export const memberCases: readonly GroupStateCase[] = [
	{
		title: "who has joined is a member at once, for all",
		async run(lab) {
			const [left, right] = [await lab.group(), await lab.group()];
			await left.join(member("a", { started: 2, ended: 1 }), background);
			expect(await right.members(background)).toMatchObject([{ id: "a", handles: { started: 2, ended: 1 } }]);
			await right.join(member("b"), background);
			expect(await idsOf(left)).toEqual(["a", "b"]);
		},
	},
	{
		title: "of two members the one that joined later has the greater number, and joining again keeps it",
		async run(lab) {
			const store = await lab.group("a", "b", "c");
			const before = await store.members(background);
			await store.join(member("a", { started: 5 }), background);
			const after = await store.members(background);
			expect(byJoined(before).map(({ id }) => id)).toEqual(["a", "b", "c"]);
			expect(byJoined(after).map(({ id }) => id)).toEqual(["a", "b", "c"]);
			expect(byJoined(after)[0]?.handles).toEqual({ started: 5 });
		},
	},
	{
		title: "who left and joins again has joined later",
		async run(lab) {
			const store = await lab.group("a", "b");
			await store.leave("a", background);
			expect(await idsOf(store)).toEqual(["b"]);
			await store.join(member("a"), background);
			expect(byJoined(await store.members(background)).map(({ id }) => id)).toEqual(["b", "a"]);
		},
	},
	{
		title: "fifty who join at once are all members, each in a place of its own",
		async run(lab) {
			const stores = [await lab.group(), await lab.group()];
			const names = Array.from({ length: 50 }, (_, index) => `m${String(index).padStart(2, "0")}`);
			await Promise.all(names.map((id, index) => stores[index % 2]?.join(member(id), background)));
			const members = (await stores[0]?.members(background)) ?? expect.unreachable();
			expect(members.map(({ id }) => id).sort()).toEqual(names);
			expect(new Set(members.map(({ joined }) => joined)).size).toBe(50);
		},
	},
	{
		title: "one renewal is seen in all groups of the member, and in nobody else's",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const stores = Array.from({ length: 5 }, (_, index) =>
				right.group({ topic: "matches", group: `g${index}` }),
			);
			for (const store of stores) {
				await store.create(lanesAt(1, 0), background);
				await store.join(member("a"), background);
				await store.join(member("b"), background);
			}
			const renewals = (id: string): Promise<string[]> =>
				Promise.all(stores.map((store) => renewalOf(store, id)));
			const [ofA, ofB] = [await renewals("a"), await renewals("b")];
			await left.renew("a", background);
			const renewed = await renewals("a");
			for (const [index, renewal] of renewed.entries()) expect(renewal).not.toBe(ofA[index]);
			expect(await renewals("b")).toEqual(ofB);
			await left.renew("a", background);
			for (const [index, renewal] of (await renewals("a")).entries()) {
				expect(renewal).not.toBe(renewed[index]);
			}
		},
	},
	{
		title: "where the server tells how long a member was silent, a renewal sets it back",
		async run(lab, skip) {
			const state = await lab.open();
			const store = await lab.group("a");
			const silentMs = async (): Promise<number | undefined> =>
				(await store.members(background))[0]?.silentMs;
			if ((await silentMs()) === undefined) return skip("the server tells no times");
			await lab.eventually(async () => expect(await silentMs()).toBeGreaterThan(200));
			await lab.eventually(async () => {
				await state.renew("a", background);
				expect(await silentMs()).toBeLessThan(200);
			});
		},
	},
	{
		title: "a renewal brings nobody back who left",
		async run(lab) {
			const state = await lab.open();
			const store = await lab.group("a", "b");
			await store.leave("a", background);
			await state.renew("a", background);
			await state.renew("never-joined", background);
			expect(await idsOf(store)).toEqual(["b"]);
		},
	},
	{
		title: "who resigns is a member of no group, and its lanes count as crashed",
		async run(lab) {
			const state = await lab.open();
			const [store, other] = [await lab.group("a", "b"), state.group({ topic: "players", group: "rewards" })];
			await other.create(lanesAt(1, 0), background);
			await other.join(member("a"), background);
			await lab.take(store, 0, "a");
			await state.resign("a", background);
			expect(await idsOf(store)).toEqual(["b"]);
			expect(await idsOf(other)).toEqual([]);
			expect((await lab.take(store, 0, "b")).state.crashes).toBe(1);
		},
	},
	{
		title: "lanes of one who resigned keep nobody from moving the group",
		async run(lab) {
			const state = await lab.open();
			const store = await lab.group("a");
			await lab.take(store, 0, "a");
			await state.resign("a", background);
			await store.rewind(lanesAt(4, 3), background);
			await store.forget(background);
		},
	},
];

async function idsOf(store: GroupStore): Promise<string[]> {
	return (await store.members(background)).map(({ id }) => id).sort();
}

async function renewalOf(store: GroupStore, id: string): Promise<string> {
	const found = (await store.members(background)).find((each) => each.id === id);
	return found?.renewal ?? expect.unreachable();
}

function byJoined(members: readonly MemberReport[]): MemberReport[] {
	return [...members].sort((one, other) => one.joined - other.joined);
}

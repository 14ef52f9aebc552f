import { expect, test, vi } from "vitest";
import { Context } from "../../context/context.ts";
import { silentLogger } from "../../logger/logger.ts";
import type { MemberReport } from "../group-state.ts";
import { memoryGroupState } from "../memory-group-state.ts";
import { inLane } from "./fixtures/in-lane.ts";
import { KnownEvents } from "./known-events.ts";
import { NewerMembers } from "./newer-members.ts";
import { Troubles } from "./troubles.ts";

const ctx = Context.background();
const handles = { started: 1 };

/** A group in which members joined in this order. This is the first of them. */
async function joined(...others: readonly Readonly<Record<string, number>>[]) {
	const store = memoryGroupState().group({ topic: "matches", group: "rewards" });
	await store.create(new Map(), ctx);
	await store.join({ id: "me", handles }, ctx);
	for (const [index, other] of others.entries())
		await store.join({ id: `other-${index}`, handles: other }, ctx);
	return store;
}

function newerMembers(
	store: Awaited<ReturnType<typeof joined>>,
	live = (members: readonly MemberReport[]) => members,
	working = ctx,
) {
	const troubles = new Troubles(silentLogger, {});
	const members = new NewerMembers({
		store,
		me: "me",
		known: new KnownEvents(handles, ["noted"]),
		patienceMs: 60_000,
		ctx: working,
		troubles,
		live,
	});
	return { members, troubles };
}

const known = inLane(1, "key", { type: "matches.started", version: 1 });
const unknown = inLane(2, "key", { type: "matches.ended", version: 1 });
const newer = inLane(3, "key", { type: "matches.started", version: 2 });

test("an event that this member handles is nobody else's, and nobody is asked", async () => {
	const store = await joined({ started: 2, ended: 1 });
	const asked = vi.spyOn(store, "members");
	expect(await newerMembers(store).members.handlersOf([known])).toEqual(new Map());
	expect(asked).not.toHaveBeenCalled();
});

test("an event that the group ignores is nobody's, and nobody is asked", async () => {
	const store = await joined({ started: 1 });
	const asked = vi.spyOn(store, "members");
	const ignored = inLane(4, "key", { type: "matches.noted", version: 1 });
	expect(await newerMembers(store).members.handlersOf([ignored])).toEqual(new Map());
	expect(asked).not.toHaveBeenCalled();
});

test("an event of a type or version that only a newer member handles is that member's", async () => {
	const { members } = newerMembers(await joined({ started: 2 }, { ended: 1 }));
	expect(await members.handlersOf([known, unknown, newer])).toEqual(
		new Map([
			[unknown, "other-1"],
			[newer, "other-0"],
		]),
	);
});

test("an event that no member handles is nobody's", async () => {
	expect(await newerMembers(await joined({ started: 1 })).members.handlersOf([unknown])).toEqual(new Map());
});

test("a member that is silent does not count", async () => {
	const { members } = newerMembers(await joined({ ended: 1 }), () => []);
	expect(await members.handlersOf([unknown])).toEqual(new Map());
});

test("a member that joined earlier does not count: it is the older one in a rolling deploy", async () => {
	const store = memoryGroupState().group({ topic: "matches", group: "rewards" });
	await store.create(new Map(), ctx);
	await store.join({ id: "old", handles: { ended: 1 } }, ctx);
	await store.join({ id: "me", handles }, ctx);
	expect(await newerMembers(store).members.handlersOf([unknown])).toEqual(new Map());
});

test("a member that joined earlier counts if it handles more: this one is an old one that started again", async () => {
	const store = memoryGroupState().group({ topic: "matches", group: "rewards" });
	await store.create(new Map(), ctx);
	await store.join({ id: "young", handles: { started: 2 } }, ctx);
	await store.join({ id: "me", handles }, ctx);
	expect(await newerMembers(store).members.handlersOf([newer])).toEqual(new Map([[newer, "young"]]));
});

test("a text that is no event is nobody's", async () => {
	const { members } = newerMembers(await joined({ ended: 1 }));
	expect(await members.handlersOf([{ ...unknown, fault: "it is not JSON" }])).toEqual(new Map());
});

test("members that cannot be asked are asked again, and meanwhile that is a trouble", async () => {
	const store = await joined({ ended: 1 });
	const { members, troubles } = newerMembers(store);
	const told: (string | undefined)[] = [];
	const { members: answer } = store;
	vi.spyOn(store, "members")
		.mockRejectedValueOnce(new Error("away"))
		.mockImplementation((ctx) => {
			told.push(troubles.text);
			return answer.call(store, ctx);
		});
	expect(await members.handlersOf([unknown])).toEqual(new Map([[unknown, "other-0"]]));
	expect(told).toEqual(["the members of the group are not known: away"]);
	expect(troubles.text).toBeUndefined();
});

test("nothing is found once nothing is handled any more", async () => {
	const { ctx: working, cancel } = Context.background().withCancel();
	const { members } = newerMembers(await joined({ ended: 1 }), undefined, working);
	cancel();
	expect(await members.handlersOf([unknown])).toEqual(new Map());
});

import { expect, test } from "vitest";
import { Context } from "../context/context.ts";
import { MemoryGroups, memoryGroupState } from "./memory-group-state.ts";

const ctx = Context.background();
const id = { topic: "matches", group: "rewards" };
const oneLane = new Map([[0, ""]]);

test("states that share groups see each other's; others do not", async () => {
	const groups = new MemoryGroups();
	await memoryGroupState({ groups }).group(id).create(oneLane, ctx);
	expect(await memoryGroupState({ groups }).groups(ctx)).toMatchObject([id]);
	expect(await memoryGroupState().groups(ctx)).toEqual([]);
});

test("a change that came after the last report ends a later wait at once", async () => {
	const groups = new MemoryGroups();
	const [left, right] = [memoryGroupState({ groups }).group(id), memoryGroupState({ groups }).group(id)];
	await left.create(oneLane, ctx);
	await left.report(ctx);
	await right.join({ id: "b", handles: {} }, ctx);
	await left.changed(ctx);
	expect((await left.report(ctx))?.members).toHaveLength(1);
});

test("the handlers of a member are those that it joined with, whatever becomes of the object", async () => {
	const group = memoryGroupState().group(id);
	const handles: Record<string, number> = { started: 1 };
	await group.create(oneLane, ctx);
	await group.join({ id: "a", handles }, ctx);
	handles.ended = 1;
	expect(await group.members(ctx)).toMatchObject([{ handles: { started: 1 } }]);
});

test("a lease from before a rewind saves nothing, though it was released", async () => {
	const group = memoryGroupState().group(id);
	await group.create(oneLane, ctx);
	const seen = (await group.report(ctx))?.lanes[0]?.epoch ?? -1;
	const lease = (await group.claim(0, "gone", seen, ctx)) ?? expect.unreachable();
	await group.rewind(new Map([[0, "c1"]]), ctx);
	await expect(group.save(lease, { cursor: "c9" }, ctx)).rejects.toMatchObject({ reason: "lease_lost" });
	expect((await group.report(ctx))?.lanes[0]?.cursor).toBe("c1");
});

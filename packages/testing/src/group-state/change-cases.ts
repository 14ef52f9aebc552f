import type { GroupStore } from "@allium/core/event";
import { expect } from "vitest";
import { RunningTime } from "../running-time.ts";
import type { GroupStateCase } from "./group-state-case.ts";
import {
	background,
	type GroupStateLab,
	lanesAt,
	member,
	parkedKey,
	reported,
	rewards,
} from "./group-state-lab.ts";

/** How late `changed` may be, in milliseconds. */
const lateMs = 1_000;

/** Waiting for changes, and closing. */
export const changeCases: readonly GroupStateCase[] = [
	{
		title: "members, holders and edits that change wake within a second",
		async run(lab) {
			const [left, right] = [await lab.group("a"), await lab.group()];
			const lease = await lab.take(left, 0, "a");
			await left.save(lease, { defer: [parkedKey("k")] }, background);
			const changes: readonly [what: string, change: () => Promise<unknown>][] = [
				["joined", () => left.join(member("b"), background)],
				["left", () => left.leave("b", background)],
				["replayed", () => left.replay("all", background)],
				["released", () => left.release(lease, background)],
				["claimed", () => lab.take(left, 0, "a")],
			];
			const passed: number[] = [];
			for (const [what, change] of changes) passed.push(await wakeAfter(right, what, change));
			const [, , median = 0] = passed.sort((one, other) => one - other);
			lab.figures.set("change of a group seen", `${Math.round(median)} ms`);
			expect(median).toBeLessThanOrEqual(lateMs);
		},
	},
	{
		title: "a wait ends with its context",
		async run(lab) {
			const store = await lab.group();
			const { ctx, cancel } = background.withCancel();
			const waiting = untilEnd(() => store.changed(ctx));
			cancel();
			await expect(waiting).rejects.toMatchObject({ code: "canceled" });
		},
	},
	{
		title: "a thousand waits leave nothing behind",
		async run(lab) {
			const store = await lab.group();
			await store.changed(background.withTimeout(1_500)).catch(() => {});
			const before = await lab.openHandles();
			const { ctx, cancel } = background.withCancel();
			const waits = Array.from({ length: 1_000 }, () => untilEnd(() => store.changed(ctx)));
			cancel();
			const outcomes = await Promise.allSettled(waits);
			expect(outcomes.filter(({ status }) => status === "fulfilled")).toEqual([]);
			await lab.leftNothing(before);
		},
	},
	{
		title: "a wait ends when its state is closed",
		async run(lab) {
			const state = await lab.open();
			const store = state.group(rewards);
			await store.create(lanesAt(1, 0), background);
			const waiting = untilEnd(() => store.changed(background)).catch((error: unknown) => error);
			await state.close();
			expect(await waiting).toMatchObject({ code: "failed_precondition" });
		},
	},
	{
		title: "a closed state refuses what is asked of it, and closes twice",
		async run(lab) {
			const state = await lab.open();
			const store = state.group(rewards);
			await store.create(lanesAt(1, 0), background);
			await store.join(member("a"), background);
			const lease = await lab.take(store, 0, "a");
			await state.close();
			await state.close();
			const asked = [
				() => state.groups(background),
				() => state.renew("a", background),
				() => state.resign("a", background),
				() => store.create(lanesAt(1, 0), background),
				() => store.report(background),
				() => store.members(background),
				() => store.join(member("b"), background),
				() => store.claim(0, "a", 0, background),
				() => store.save(lease, {}, background),
				() => store.release(lease, background),
				() => store.deferred(0, background),
				() => store.delayed(0, 1, 1, background),
				() => store.parked({ limit: 1 }, background),
				() => store.counts(background),
				() => store.replay("all", background),
				() => store.changed(background),
			];
			for (const ask of asked) {
				await expect(ask(), String(ask)).rejects.toMatchObject({ code: "failed_precondition" });
			}
			await lab.eventually(async () => expect((await reported(await lab.group(), 0)).holder).toBe("a"));
		},
	},
	{
		title: "nothing is left open after close",
		async run(lab) {
			const before = await lab.openHandles();
			for (const name of ["a", "b"]) await work(lab, name);
			await lab.leftNothing(before);
		},
	},
	{
		title: "what is asked during an outage of the server is refused in time, and afterwards all is as it was",
		needs: ["outage"],
		async run(lab) {
			const store = await lab.group("a");
			const lease = await lab.take(store, 0, "a");
			await lab.outage.kill();
			const ctx = background.withTimeout(1_000);
			const asked = [store.members(ctx), store.save(lease, {}, ctx), store.join(member("b"), ctx)];
			for (const outcome of await Promise.allSettled(asked)) {
				expect(outcome).toMatchObject({
					status: "rejected",
					reason: { code: expect.stringMatching(/^(unavailable|deadline_exceeded)$/) },
				});
			}
			await lab.outage.restart();
			await lab.eventually(async () => {
				await store.save(lease, { crashes: 0 }, background.withTimeout(2_000));
			});
		},
	},
];

/** Uses a state of groups as a process does, from opening to closing. */
async function work(lab: GroupStateLab, name: string): Promise<void> {
	const state = await lab.open();
	const store = state.group(rewards);
	await store.create(lanesAt(1, 0), background);
	await store.join(member(name), background);
	const lease = await lab.take(store, 0, name);
	await state.renew(name, background);
	await store.changed(background.withTimeout(50)).catch(() => {});
	await store.release(lease, background);
	await store.leave(name, background);
	await state.close();
}

/** How long it takes until a wait ends with a changed report, in milliseconds of running time. */
async function wakeAfter(store: GroupStore, what: string, change: () => Promise<unknown>): Promise<number> {
	const seen = async (): Promise<string> => {
		const { members = [], lanes = [] } = (await store.report(background)) ?? {};
		return JSON.stringify([members.map(({ id }) => id), lanes.map(({ holder, edits }) => [holder, edits])]);
	};
	const before = await seen();
	const waiting = (async () => {
		do await store.changed(background);
		while ((await seen()) === before);
	})();
	await change();
	using time = new RunningTime();
	await waiting;
	expect(await seen(), what).not.toBe(before);
	return time.milliseconds;
}

/** Waits again and again, because a wait may end without reason. */
async function untilEnd(wait: () => Promise<void>): Promise<never> {
	for (;;) await wait();
}

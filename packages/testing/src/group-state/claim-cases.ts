import type { GroupStore, LaneLease } from "@allium/core/event";
import { expect } from "vitest";
import type { GroupStateCase } from "./group-state-case.ts";
import { background, cursor, deferred, type GroupStateLab, reported } from "./group-state-lab.ts";

/** Taking lanes and giving them up. */
export const claimCases: readonly GroupStateCase[] = [
	{
		title: "a claim takes the lane as it is, and all see the holder",
		async run(lab) {
			const [left, right] = [await lab.group("a", "b"), await lab.group()];
			const { epoch: seen } = await reported(left, 2);
			const lease = (await left.claim(2, "a", seen, background)) ?? expect.unreachable();
			expect(lease).toMatchObject({ lane: 2, member: "a" });
			expect(lease.epoch).toBeGreaterThan(seen);
			expect(lease.state).toEqual({ cursor: "", ahead: [], deferred: [], crashes: 0 });
			await lab.eventually(async () => {
				expect(await reported(right, 2)).toMatchObject({ holder: "a", epoch: lease.epoch });
			});
			expect(await reported(right, 1)).toMatchObject({ holder: undefined });
		},
	},
	{
		title: "a claim under an epoch that is not the latest takes nothing",
		async run(lab) {
			const store = await lab.group("a", "b");
			const { epoch: seen } = await reported(store, 0);
			const lease = (await store.claim(0, "a", seen, background)) ?? expect.unreachable();
			expect(await store.claim(0, "b", seen, background)).toBeUndefined();
			expect(await store.claim(0, "b", lease.epoch + 1, background)).toBeUndefined();
			await store.save(lease, { cursor: cursor(1) }, background);
			expect(await store.claim(99, "b", 0, background)).toBeUndefined();
		},
	},
	{
		title: "claims that race never share an epoch, and one of them takes the lane",
		async run(lab) {
			const stores = await Promise.all(Array.from({ length: 4 }, () => lab.group("a", "b", "c", "d")));
			let latest = 0;
			for (let round = 0; round < 20; round++) {
				const seen = await freshEpoch(lab, stores[0] ?? expect.unreachable(), latest);
				const claims = Array.from({ length: 12 }, (_, index) =>
					stores[index % stores.length]?.claim(0, `m${index}`, seen, background),
				);
				const leases = (await Promise.all(claims)).filter((lease) => lease !== undefined);
				expect(leases).toHaveLength(1);
				expect(leases[0]?.epoch).toBeGreaterThan(latest);
				latest = leases[0]?.epoch ?? 0;
			}
		},
	},
	{
		title: "lanes are claimed each for itself",
		async run(lab) {
			const store = await lab.group("a", "b");
			const leases = [await lab.take(store, 0, "a"), await lab.take(store, 1, "b")];
			for (const [index, lease] of leases.entries()) {
				await store.save(lease, { cursor: cursor(index + 1), defer: [deferred("e:1")] }, background);
			}
			await store.release(leases[0] ?? expect.unreachable(), background);
			await lab.eventually(async () => {
				expect(await reported(store, 0)).toMatchObject({ holder: undefined, cursor: cursor(1) });
				expect(await reported(store, 1)).toMatchObject({ holder: "b", cursor: cursor(2) });
			});
			expect(await store.deferred(2, background)).toEqual([]);
		},
	},
	{
		title: "a claim of a lane that another had not released counts a crash, again and again until a release",
		async run(lab) {
			const store = await lab.group("a", "b", "c", "d");
			expect((await lab.take(store, 0, "a")).state.crashes).toBe(0);
			expect((await lab.take(store, 0, "b")).state.crashes).toBe(1);
			const third = await lab.take(store, 0, "c");
			expect(third.state.crashes).toBe(2);
			await store.release(third, background);
			expect((await lab.take(store, 0, "d")).state.crashes).toBe(0);
		},
	},
	{
		title: "a holder that has got further counts its crashes from there",
		async run(lab) {
			const store = await lab.group("a", "b", "c");
			await lab.take(store, 0, "a");
			const second = await lab.take(store, 0, "b");
			expect(second.state.crashes).toBe(1);
			await store.save(second, { crashes: 0 }, background);
			expect((await lab.take(store, 0, "c")).state.crashes).toBe(1);
		},
	},
	{
		title: "a lease that is not the latest releases nothing",
		async run(lab) {
			const store = await lab.group("a", "b");
			const old = await lab.take(store, 0, "a");
			const lease = await lab.take(store, 0, "b");
			await store.release(old, background);
			await store.save(lease, { cursor: cursor(3) }, background);
			await lab.eventually(async () => {
				expect(await reported(store, 0)).toMatchObject({
					holder: "b",
					epoch: lease.epoch,
					cursor: cursor(3),
				});
			});
		},
	},
];

/** The epoch of the first lane, once the report is as new as the latest claim. */
async function freshEpoch(
	lab: GroupStateLab,
	store: GroupStore,
	atLeast: LaneLease["epoch"],
): Promise<number> {
	let epoch = -1;
	await lab.eventually(async () => {
		epoch = (await reported(store, 0)).epoch;
		expect(epoch).toBeGreaterThanOrEqual(atLeast);
	});
	return epoch;
}

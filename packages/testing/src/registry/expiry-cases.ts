import { contract, createClient, Endpoints, method, roundRobin } from "@allium/core";
import { memoryTransport } from "@allium/core/frames";
import { expect, vi } from "vitest";
import { RunningTime } from "../running-time.ts";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";
import { background, ids, type RegistryLab } from "./registry-lab.ts";

/** The contract that the instances of this suite serve. */
const Cart = contract("cart", { ping: method({ effect: "read" }) });

/** The end of leases that are not renewed. */
export const expiryCases: readonly RegistryCase[] = [
	{
		title: "an instance that is not renewed is gone after its time to live",
		async run(lab) {
			const [left, right] = [await lab.open(lab.ttlMs), await lab.open(lab.ttlMs)];
			const watcher = await lab.watch(right);
			const before = performance.now();
			using time = new RunningTime();
			await left.register(instance("a"), background);
			await watcher.tells(["snapshot", "up a", "down a"], lab.goneWithinMs);
			expect(performance.now() - before).toBeGreaterThanOrEqual(lab.ttlMs * 0.9);
			expect(time.milliseconds).toBeLessThan(lab.goneWithinMs);
			expect(await right.list()).toEqual([]);
			expect(await left.list()).toEqual([]);
		},
	},
	{
		title: "an instance that is renewed stays, and watchers hear nothing of it",
		async run(lab) {
			// While this process stands still, its lease runs out, as it must. Such a round shows nothing.
			let ttlMs = lab.ttlMs;
			while ((await longestGapOfRenewals(lab, ttlMs)) > 0.8 * ttlMs) ttlMs *= 2;
		},
	},
	{
		title: "a wall clock that is set forwards or back takes nobody away",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			await left.register(instance("a"), background);
			const watcher = await lab.watch(right);
			vi.useFakeTimers({ toFake: ["Date"] });
			try {
				for (const jumpMs of [3_600_000, -7_200_000]) {
					vi.setSystemTime(Date.now() + jumpMs);
					expect(await ids(right)).toEqual(["a"]);
					expect(await ids(await lab.open())).toEqual(["a"]);
				}
				await left.register(instance("b"), background);
				await watcher.tells(["snapshot a", "up b"]);
			} finally {
				vi.useRealTimers();
			}
		},
	},
	{
		title: "instances whose leases run out all at once, as after an outage, are not lost to a client",
		async run(lab) {
			const transport = memoryTransport();
			const answered = new Set<string>();
			const names = ["a", "b", "c"];
			const addresses = await Promise.all(
				names.map(async (name) => {
					const endpoints = new Endpoints();
					endpoints.serve(Cart, {
						async ping() {
							answered.add(name);
							return {};
						},
					});
					return (await transport.listen(endpoints)).addresses;
				}),
			);
			const [left, right] = [await lab.open(lab.ttlMs), await lab.open(lab.ttlMs)];
			await using cart = createClient(Cart, {
				registry: right,
				transports: [transport],
				balancer: roundRobin(),
			});
			for (const [index, each] of addresses.entries()) {
				await left.register(instance(`i${index}`, { addresses: each }), background);
			}
			const watcher = await lab.watch(right);
			await lab.eventually(async () => {
				await cart.ping({});
				expect(watcher.up).toEqual([]);
			});
			answered.clear();
			for (let calls = 0; calls < 60; calls++) await cart.ping({});
			expect([...answered].sort()).toEqual(names);
		},
	},
	{
		title: "an update after the end brings the instance back",
		async run(lab) {
			const [left, right] = [await lab.open(lab.ttlMs), await lab.open(lab.ttlMs)];
			const watcher = await lab.watch(right);
			const lease = await left.register(instance("a"), background);
			await watcher.tells(["snapshot", "up a", "down a"], lab.goneWithinMs);
			const updated = async (): Promise<void> => {
				await lease.update(instance("a"));
				expect(await ids(right)).toEqual(["a"]);
			};
			await lab.eventually(updated, lab.ttlMs / 6);
			await lab.eventually(() => expect(watcher.told[3]).toBe("up a"));
		},
	},
];

/**
 * Renews the lease of one instance until the lease of another, which is not renewed, has run out. Resolves to the
 * longest time between two renewals, in milliseconds. Rejects if a time shorter than the time to live cost the instance
 * its place.
 */
async function longestGapOfRenewals(lab: RegistryLab, ttlMs: number): Promise<number> {
	const [left, right] = [await lab.open(ttlMs), await lab.open(ttlMs)];
	let [sentAt, longest] = [performance.now(), 0];
	const lease = await left.register(instance("a"), background);
	const silent = await left.register(instance("silent"), background);
	const watcher = await lab.watch(right);
	const renewed = async (): Promise<void> => {
		const now = performance.now();
		await lease.update(instance("a"));
		longest = Math.max(longest, performance.now() - sentAt);
		sentAt = now;
		expect(watcher.up).not.toContain("silent");
	};
	await lab.eventually(renewed, ttlMs / 6);
	if (longest <= 0.8 * ttlMs) {
		expect(watcher.told).toEqual(["snapshot a silent", "down silent"]);
		expect(await ids(right)).toEqual(["a"]);
	}
	await Promise.all([lease.release(), silent.release()]);
	return longest;
}

import { expect } from "vitest";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";
import { background, ids } from "./registry-lab.ts";

/** Leases: updates and releases. */
export const leaseCases: readonly RegistryCase[] = [
	{
		title: "an update changes the record, for other handles too",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const lease = await left.register(instance("a"), background);
			const watcher = await lab.watch(right);
			const changed = instance("a", { status: "draining", labels: { tier: "gold" }, weight: 2 });
			await lease.update(changed);
			await watcher.tells(["snapshot a", "up a"]);
			expect(watcher.events[1]).toEqual({ type: "up", instance: changed });
			expect(await right.list()).toEqual([changed]);
		},
	},
	{
		title: "a released instance is gone",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const lease = await left.register(instance("a"), background);
			const watcher = await lab.watch(right);
			await lease.release();
			expect(await left.list()).toEqual([]);
			await watcher.tells(["snapshot a", "down a"]);
			expect(await right.list()).toEqual([]);
		},
	},
	{
		title: "a watch that says that an instance was released is right",
		async run(lab) {
			const [kept, left] = [await lab.open(), await lab.open(lab.ttlMs)];
			const lease = await kept.register(instance("released"), background);
			const watcher = await lab.watch(await lab.open(lab.ttlMs));
			await lease.release();
			const told = ["snapshot released", "down released"];
			await watcher.tells(told);
			await left.register(instance("silent"), background);
			await watcher.tells([...told, "up silent", "down silent"], lab.goneWithinMs);
			const [, released, , silent] = watcher.events;
			// A backend may be unable to tell, but it must not take silence for a release.
			expect([true, undefined]).toContain(released?.type === "down" && released.released);
			expect(silent).toEqual({ type: "down", instance: instance("silent") });
		},
	},
	{
		title: "releasing twice is the same as once",
		async run(lab) {
			const registry = await lab.open();
			const lease = await registry.register(instance("a"), background);
			await registry.register(instance("b"), background);
			await Promise.all([lease.release(), lease.release()]);
			await lease.release();
			expect(await ids(registry)).toEqual(["b"]);
		},
	},
	{
		title: "a late update does not bring a released instance back",
		async run(lab) {
			const registry = await lab.open();
			const lease = await registry.register(instance("a"), background);
			await lease.release();
			await expect(lease.update(instance("a"))).rejects.toMatchObject({ code: "failed_precondition" });
			expect(await registry.list()).toEqual([]);
		},
	},
	{
		title: "closing a registry leaves its leases to run out",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			await left.register(instance("a"), background);
			await left.close();
			expect(await ids(right)).toEqual(["a"]);
		},
	},
	{
		title: "a lease says its time to live",
		async run(lab) {
			const registry = await lab.open(lab.ttlMs);
			const lease = await registry.register(instance("a"), background);
			expect(lease.ttlMs).toBe(lab.ttlMs);
			expect(lease.lost.aborted).toBe(false);
		},
	},
];

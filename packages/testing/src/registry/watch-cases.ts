import type { Instance } from "@allium/core";
import { expect } from "vitest";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";
import { background } from "./registry-lab.ts";

/** The events that watchers get. */
export const watchCases: readonly RegistryCase[] = [
	{
		title: "a watch begins with a snapshot, empty or not",
		async run(lab) {
			const registry = await lab.open();
			await (await lab.watch(registry)).tells(["snapshot"]);
			await registry.register(instance("a"), background);
			await (await lab.watch(registry)).tells(["snapshot a"]);
		},
	},
	{
		title: "a watch tells what comes and goes after its snapshot",
		async run(lab) {
			const registry = await lab.open();
			const watcher = await lab.watch(registry);
			const lease = await registry.register(instance("a"), background);
			await watcher.tells(["snapshot", "up a"]);
			await lease.release();
			await watcher.tells(["snapshot", "up a", "down a"]);
			expect(watcher.events[2]).toMatchObject({ type: "down", instance: instance("a") });
		},
	},
	{
		title: "a watch is narrowed by namespace and service",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const watcher = await lab.watch(right, { namespace: "one", service: "cart" });
			await left.register(instance("other-namespace", { namespace: "two" }), background);
			await left.register(instance("other-service", { services: [] }), background);
			await left.register(instance("a"), background);
			await watcher.tells(["snapshot", "up a"]);
		},
	},
	{
		title: "an instance that no longer offers what is watched goes down",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const lease = await left.register(instance("a"), background);
			const watcher = await lab.watch(right, { service: "cart" });
			await lease.update(instance("a", { services: [] }));
			await watcher.tells(["snapshot a", "down a"]);
		},
	},
	{
		title: "several watchers of one handle each see everything",
		async run(lab) {
			const registry = await lab.open();
			const watchers = [await lab.watch(registry), await lab.watch(registry)];
			await registry.register(instance("a"), background);
			for (const watcher of watchers) await watcher.tells(["snapshot", "up a"]);
		},
	},
	{
		title: "a slow consumer ends up with the truth",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const slow = right.watch({}, background)[Symbol.asyncIterator]();
			await slow.next();
			const lease = await left.register(instance("a"), background);
			for (let weight = 2; weight < 50; weight += 1) await lease.update(instance("a", { weight }));
			let seen: unknown;
			while (seen !== 49) {
				const { value } = await slow.next();
				const instances: readonly Instance[] = value.type === "snapshot" ? value.instances : [value.instance];
				seen = instances[0]?.weight;
			}
			await slow.return?.();
		},
	},
];

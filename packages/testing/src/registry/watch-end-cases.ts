import { expect } from "vitest";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";
import { background } from "./registry-lab.ts";
import { Watcher } from "./registry-watcher.ts";

/** How watches end. */
export const watchEndCases: readonly RegistryCase[] = [
	{
		title: "a watch ends when its context does",
		async run(lab) {
			const registry = await lab.open();
			const { ctx, cancel } = background.withCancel();
			const watcher = await lab.watch(registry, {}, ctx);
			cancel();
			expect(await watcher.ended).toBeUndefined();
			expect(watcher.told).toEqual(["snapshot"]);
		},
	},
	{
		title: "a watch whose context has ended has no events",
		async run(lab) {
			const registry = await lab.open();
			const { ctx, cancel } = background.withCancel();
			cancel();
			const watcher = new Watcher(registry.watch({}, ctx));
			expect(await watcher.ended).toBeUndefined();
			expect(watcher.events).toEqual([]);
		},
	},
	{
		title: "a watch ends by a break, and the registry goes on",
		async run(lab) {
			const registry = await lab.open();
			for await (const event of registry.watch({}, background)) {
				expect(event).toEqual({ type: "snapshot", instances: [] });
				break;
			}
			await registry.register(instance("a"), background);
			await (await lab.watch(registry)).tells(["snapshot a"]);
		},
	},
	{
		title: "return() ends a watch that waits for its next event",
		async run(lab) {
			const registry = await lab.open();
			const iterator = registry.watch({}, background)[Symbol.asyncIterator]();
			await iterator.next();
			const waiting = iterator.next();
			await iterator.return?.();
			expect(await waiting).toEqual({ done: true, value: undefined });
			expect(await iterator.next()).toEqual({ done: true, value: undefined });
		},
	},
	{
		title: "close ends every watch, and those that begin later",
		async run(lab) {
			const registry = await lab.open();
			const watchers = [await lab.watch(registry), await lab.watch(registry, { service: "cart" })];
			await registry.close();
			for (const { ended } of watchers) expect(await ended).toBeUndefined();
			expect(await new Watcher(registry.watch({}, background)).ended).toBeUndefined();
		},
	},
];

import { expect } from "vitest";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";

/** Open handles after everything is closed. */
export const leftoverCases: readonly RegistryCase[] = [
	{
		title: "nothing is left open after close",
		async run(lab) {
			const before = await lab.openHandles();
			const handles = [await lab.open(), await lab.open(lab.steadyTtlMs)];
			for (const [index, registry] of handles.entries()) {
				const registration = await lab.keep(registry, instance(`i${index}`));
				await lab.watch(registry);
				await lab.watch(registry, { service: "cart" });
				await registry.list();
				await registration.release();
			}
			for (const registry of handles) await registry.close();
			await lab.eventually(async () => {
				const left = Object.entries(await lab.openHandles());
				expect(left.filter(([kind, count]) => count > (before[kind] ?? 0))).toEqual([]);
			}, 20);
		},
	},
];

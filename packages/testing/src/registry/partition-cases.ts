import { expect } from "vitest";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";
import { background, ids } from "./registry-lab.ts";

/** The way to the server is cut, while the server is up. */
export const partitionCases: readonly RegistryCase[] = [
	...(["end", "reset"] as const).map(
		(how): RegistryCase => ({
			title: `a watch whose connection is cut goes on, and misses nothing (${how})`,
			needs: ["target"],
			async run(lab) {
				const proxy = await lab.proxy();
				const [left, right] = [await lab.open(), await lab.open(lab.steadyTtlMs, proxy.url)];
				await left.register(instance("stays"), background);
				const leaving = await left.register(instance("leaves"), background);
				const watcher = await lab.watch(right);
				await lab.eventually(() => expect(watcher.up).toEqual(["leaves", "stays"]));
				const refusal = proxy.add({ fault: "refuse" });
				proxy.cut(how);
				await left.register(instance("comes"), background);
				await leaving.release();
				refusal.remove();
				const before = performance.now();
				await lab.eventually(() => expect(watcher.up).toContain("comes"));
				lab.figures.set("change seen after a cut", `${Math.round(performance.now() - before)} ms`);
				await lab.eventually(() => expect(watcher.up).toEqual(["comes", "stays"]));
				expect(watcher.gone).toEqual(["leaves"]);
				expect(watcher.isOver).toBe(false);
			},
		}),
	),
	{
		title: "a connection that is cut again and again takes away no instance that is registered over it",
		needs: ["target"],
		async run(lab) {
			const proxy = await lab.proxy();
			const [left, right] = [await lab.open(lab.steadyTtlMs, proxy.url), await lab.open(lab.steadyTtlMs)];
			await lab.keep(left, instance("steady"));
			const watcher = await lab.watch(right);
			const passing = lab.lastOneTtl(right);
			for (let count = 0; count < 5; count++) {
				await lab.pass(lab.steadyTtlMs / 6);
				proxy.cut(count % 2 === 0 ? "reset" : "end");
			}
			await passing;
			expect(watcher.gone).toEqual(["passing"]);
			await lab.eventually(async () => expect(await ids(left)).toEqual(["steady"]));
		},
	},
	{
		title:
			"a watcher that is cut off for longer than the time to live loses nobody, and then sees what is up",
		needs: ["target"],
		async run(lab) {
			const proxy = await lab.proxy();
			const [left, right] = [await lab.open(lab.steadyTtlMs), await lab.open(lab.steadyTtlMs, proxy.url)];
			await lab.keep(left, instance("steady"));
			const leaving = await lab.keep(left, instance("leaves"));
			const watcher = await lab.watch(right);
			await lab.eventually(() => expect(watcher.up).toEqual(["leaves", "steady"]));
			const partition = proxy.add({ fault: "stall" });
			await leaving.release();
			await lab.keep(left, instance("comes"));
			await lab.lastOneTtl(left);
			await lab.lastOneTtl(left);
			expect(watcher.gone).toEqual([]);
			partition.remove();
			await lab.eventually(() => expect(watcher.up).toEqual(["comes", "steady"]));
			expect(watcher.gone.filter((id) => id === "steady")).toEqual([]);
			expect(watcher.isOver).toBe(false);
		},
	},
	{
		title: "a connection that falls silent for good is given up",
		needs: ["target"],
		async run(lab) {
			const proxy = await lab.proxy();
			const [left, right] = [await lab.open(), await lab.open(lab.steadyTtlMs, proxy.url)];
			const watcher = await lab.watch(right);
			proxy.add({ fault: "drop", connections: "current" });
			await left.register(instance("comes"), background);
			const before = performance.now();
			await lab.eventually(() => expect(watcher.up).toEqual(["comes"]));
			const passed = Math.round(performance.now() - before);
			lab.figures.set(
				"silent connection given up",
				`${passed} ms, with a time to live of ${lab.steadyTtlMs} ms`,
			);
		},
	},
	{
		title: "a slow and narrow connection loses nobody",
		needs: ["target"],
		async run(lab) {
			const proxy = await lab.proxy();
			const [left, right] = [await lab.open(lab.steadyTtlMs, proxy.url), await lab.open(lab.steadyTtlMs)];
			proxy.add({ fault: "delay", delayMs: 50, jitterMs: 50 });
			proxy.add({ fault: "limit", bytesPerSecond: 64 * 1024 });
			await lab.keep(left, instance("steady"));
			const watcher = await lab.watch(right);
			await lab.lastOneTtl(right);
			expect(watcher.gone).toEqual(["passing"]);
			expect(watcher.up).toEqual(["steady"]);
		},
	},
];

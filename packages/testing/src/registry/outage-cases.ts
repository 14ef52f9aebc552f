import { isServiceError, type Registry } from "@allium/core";
import { expect } from "vitest";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";
import { background, ids } from "./registry-lab.ts";

const names: readonly string[] = Array.from({ length: 10 }, (_, index) => `i${index}`);

/** The server goes away, and comes back. */
export const outageCases: readonly RegistryCase[] = [
	{
		title: "a server that is killed under load and restarted costs no watcher an instance that is up",
		needs: ["outage"],
		async run(lab) {
			const [left, right] = [await lab.open(lab.steadyTtlMs), await lab.open(lab.steadyTtlMs)];
			for (const id of names) await lab.keep(left, instance(id));
			const watcher = await lab.watch(right);
			await lab.eventually(() => expect(watcher.up).toEqual(names));
			const load = new RegistrationLoad(left);
			await lab.outage.kill();
			// Longer than any lease lasts.
			await lab.pass(1.5 * lab.steadyTtlMs);
			await lab.outage.restart();
			const back = performance.now();
			await load.stop();
			await lab.eventually(async () => expect(await ids(right)).toEqual(expect.arrayContaining([...names])));
			lab.figures.set(
				"10 instances back after a restart",
				`${Math.round(performance.now() - back)} ms, with a time to live of ${lab.steadyTtlMs} ms`,
			);
			await lab.lastOneTtl(right);
			await lab.eventually(async () => expect(await ids(right)).toEqual(names));
			await lab.eventually(() => expect(watcher.up).toEqual(names));
			expect(watcher.gone.filter((id) => names.includes(id))).toEqual([]);
			expect(watcher.isOver).toBe(false);
		},
	},
	{
		title: "an instance that died during the outage of the server goes one time to live after it",
		needs: ["outage"],
		async run(lab) {
			const [left, right] = [await lab.open(lab.steadyTtlMs), await lab.open(lab.steadyTtlMs)];
			await lab.keep(left, instance("steady"));
			await left.register(instance("mortal"), background);
			const watcher = await lab.watch(right);
			await lab.eventually(() => expect(watcher.up).toEqual(["mortal", "steady"]));
			await lab.outage.kill();
			await lab.pass(2.5 * lab.steadyTtlMs);
			expect(watcher.up).toEqual(["mortal", "steady"]);
			await lab.outage.restart();
			await lab.eventually(() => expect(watcher.up).toEqual(["steady"]));
			expect(watcher.gone).toEqual(["mortal"]);
		},
	},
	...([1.25, 2.5] as const).map(
		(times): RegistryCase => ({
			title: `a server that hangs for ${times} times to live takes away only instances that died in it`,
			needs: ["outage"],
			async run(lab) {
				const [left, right] = [await lab.open(lab.steadyTtlMs), await lab.open(lab.steadyTtlMs)];
				for (const id of names) await lab.keep(left, instance(id));
				await left.register(instance("mortal"), background);
				const watchers = [await lab.watch(left), await lab.watch(right)];
				const all = [...names, "mortal"];
				await lab.eventually(() => expect(watchers.map(({ up }) => up)).toEqual([all, all]));
				lab.outage.suspend();
				await lab.pass(times * lab.steadyTtlMs);
				lab.outage.resume();
				await lab.eventually(() => expect(watchers.map(({ up }) => up)).toEqual([names, names]));
				await lab.lastOneTtl(right);
				const gone = watchers.map((watcher) => watcher.gone.filter((id) => id !== "passing"));
				expect(gone).toEqual([["mortal"], ["mortal"]]);
				await lab.eventually(async () => expect(await ids(right)).toEqual(names));
			},
		}),
	),
	{
		title: "what is asked during an outage of the server fails in time, or waits for the server",
		needs: ["outage"],
		async run(lab) {
			const registry = await lab.open(lab.steadyTtlMs);
			await registry.register(instance("before"), background);
			await lab.outage.kill();
			const asked = [
				registry.list({}, background.withTimeout(1_000)),
				registry.register(instance("during"), background.withTimeout(1_000)),
			];
			for (const outcome of await Promise.allSettled(asked)) {
				expect(outcome.status).toBe("rejected");
				const error: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
				expect(isServiceError(error) && error.code).toBeOneOf(["unavailable", "deadline_exceeded"]);
			}
			await lab.outage.restart();
			await lab.eventually(async () => {
				await registry.register(instance("after"), background.withTimeout(1_000));
				expect(await ids(registry)).toContain("after");
			});
		},
	},
	{
		title: "a registry that is closed during an outage of the server closes, and its watches end",
		needs: ["outage"],
		async run(lab) {
			const registry = await lab.open(lab.steadyTtlMs);
			const watcher = await lab.watch(registry);
			await lab.outage.kill();
			await registry.close();
			expect(await watcher.ended).toBeUndefined();
			await lab.outage.restart();
		},
	},
];

/** Registers and releases instances without a pause, and ignores failures. */
class RegistrationLoad {
	readonly #registry: Registry;
	readonly #workers: Promise<void>[];
	#isStopped = false;

	constructor(registry: Registry) {
		this.#registry = registry;
		this.#workers = Array.from({ length: 4 }, (_, index) => this.#work(index));
	}

	/** Resolves when all calls are over. */
	async stop(): Promise<void> {
		this.#isStopped = true;
		await Promise.all(this.#workers);
	}

	async #work(worker: number): Promise<void> {
		for (let count = 0; !this.#isStopped; count++) {
			const ctx = background.withTimeout(500);
			try {
				const lease = await this.#registry.register(instance(`load-${worker}-${count}`), ctx);
				await lease.release();
			} catch {
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
		}
	}
}

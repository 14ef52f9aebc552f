import { expect } from "vitest";
import { instance } from "./cart-instance.ts";
import type { RegistryCase } from "./registry-case.ts";
import { background, ids } from "./registry-lab.ts";

/** Many instances at once. */
export const manyCases: readonly RegistryCase[] = [
	{
		title: "fifty registrations at once through several handles are all there",
		async run(lab) {
			const handles = await Promise.all(Array.from({ length: 5 }, () => lab.open()));
			const names = Array.from({ length: 50 }, (_, index) => `i${String(index).padStart(2, "0")}`);
			await Promise.all(
				names.map((id, index) => handles[index % handles.length]?.register(instance(id), background)),
			);
			for (const registry of handles) expect(await ids(registry)).toEqual(names);
		},
	},
	{
		title: "one handle sees another's registration within 250 ms",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const [ofLeft, ofRight] = [await lab.watch(left), await lab.watch(right)];
			await left.register(instance("a"), background);
			await ofRight.tells(["snapshot", "up a"]);
			await right.register(instance("b"), background);
			await ofLeft.tells(["snapshot", "up a", "up b"]);
		},
	},
	// This takes a second or two, most of it in the backend.
	{
		title: "ten thousand instances, or as many as the setup says, are listed, watched, renewed and released",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			const watcher = await lab.watch(right);
			const names = Array.from({ length: lab.many }, (_, index) => `i${String(index).padStart(5, "0")}`);
			const seen = (expected: readonly string[]): Promise<void> =>
				lab.eventually(() => expect(watcher.up).toEqual(expected), 50);
			const leases = await inBatches(names, (id) => left.register(instance(id), background));
			const before = performance.now();
			expect(await ids(right)).toEqual(names);
			lab.figures.set(`${lab.many} instances listed`, `${Math.round(performance.now() - before)} ms`);
			await seen(names);
			await inBatches(leases, (lease, index) => lease.update(instance(names[index] ?? "")));
			await inBatches(leases, (lease) => lease.release());
			expect(await ids(right)).toEqual([]);
			await seen([]);
		},
		timeoutMs: 180_000,
	},
];

/**
 * Does something with each of many items, a few hundred at once. The pauses let the timers of the process run: a
 * backend that blocks the process would otherwise take the silence for an outage.
 */
async function inBatches<Item, Result>(
	items: readonly Item[],
	run: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
	const results: Result[] = [];
	for (let from = 0; from < items.length; from += 250) {
		const batch = items.slice(from, from + 250).map((item, n) => run(item, from + n));
		results.push(...(await Promise.all(batch)));
		await new Promise((resolve) => setTimeout(resolve, 0));
	}
	return results;
}

import { Context, concurrencyLimit, type Middleware } from "@allium/core";
import { expect, test } from "vitest";
import { Ledger, Runs, serveLedger } from "./fixtures/ledger.ts";
import { quantile, report } from "./fixtures/report.ts";
import { type SeedsSummary, simulateSeeds, type World } from "./index.ts";

const { count, tell } = report();

/**
 * The share of its capacity that a service answers in time while callers ask for three times as much. Calls come at
 * random times, whether or not earlier ones were answered, and are tried again as by default. Each call needs a random
 * time of the processor, and is worked on even when its caller has given up.
 */
async function goodput(world: World, middleware: readonly Middleware[]): Promise<number> {
	const [warmUpMs, measuredMs] = [8_000, 8_000];
	const cores = world.random.pick([1, 2, 4, 8]);
	const perSecond = world.random.between(40, 200);
	const workMs = (1_000 * cores) / perSecond;
	const timeoutMs = world.random.between(10, 40) * workMs;
	const exponential = (mean: number): number => -Math.log(1 - Math.random()) * mean;
	const work = (): number => exponential(workMs);
	await world.start("server", (node) => serveLedger(node, new Runs(), work, middleware), { cores });
	const caller = await world.start("caller");
	return caller.run(async () => {
		const ledger = caller.client(Ledger);
		const begin = performance.now();
		let answered = 0;
		const call = async (): Promise<void> => {
			await ledger.read({ id: "x" }, Context.background().withTimeout(timeoutMs));
			const sinceMs = performance.now() - begin - warmUpMs;
			if (sinceMs >= 0 && sinceMs < measuredMs) answered++;
		};
		while (performance.now() - begin < warmUpMs + measuredMs) {
			void call().catch(() => {});
			await new Promise((resolve) => setTimeout(resolve, exponential(1_000 / (3 * perSecond))));
		}
		return answered / (perSecond * (measuredMs / 1_000));
	});
}

function told(what: string, summary: SeedsSummary<number>): number[] {
	const shares = [...summary.values].sort((one, other) => one - other);
	count(`overload ${what}`, summary);
	const [worst, median] = [quantile(shares, 0), quantile(shares, 0.5)];
	tell(`  goodput of ${median.toFixed(2)} of the capacity at the median, ${worst.toFixed(2)} at worst`);
	return shares;
}

test("load at three times the capacity leaves next to nothing answered in time", async () => {
	const summary = await simulateSeeds({ seeds: 12 }, (world) => goodput(world, []));
	expect(Math.max(...told("without a limit", summary))).toBeLessThan(0.05);
});

test("with concurrencyLimit it leaves goodput above 80% of the capacity", async () => {
	const summary = await simulateSeeds({ seeds: 40 }, (world) => goodput(world, [concurrencyLimit()]));
	expect(Math.min(...told("with concurrencyLimit", summary))).toBeGreaterThan(0.8);
});

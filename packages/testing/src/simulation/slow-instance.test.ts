import { expect, test } from "vitest";
import { Ledger, Runs, startServers } from "./fixtures/ledger.ts";
import { quantile, report } from "./fixtures/report.ts";
import { logNormal, simulateSeeds } from "./index.ts";

const { count, tell } = report();

test("with one of three instances 50 times as slow, p99 stays within three times", async () => {
	const summary = await simulateSeeds({ seeds: 12 }, async (world) => {
		const work = logNormal({ medianMs: 2, p99Ms: 10 });
		const servers = await startServers(world, 3, new Runs(), { workMs: () => work(Math.random), cores: 4 });
		const caller = await world.start("caller");
		const ledger = await caller.run(() => caller.client(Ledger));
		const measure = (seconds: number): Promise<number[]> =>
			caller.run(async () => {
				const took: number[] = [];
				const call = async (): Promise<void> => {
					const begin = performance.now();
					await ledger.read({ id: "x" });
					took.push(performance.now() - begin);
				};
				const calls: Promise<void>[] = [];
				const end = performance.now() + seconds * 1_000;
				while (performance.now() < end) {
					calls.push(call());
					await new Promise((resolve) => setTimeout(resolve, -Math.log(1 - Math.random()) * 5));
				}
				await Promise.all(calls);
				return took.sort((one, other) => one - other);
			});
		await measure(2);
		const healthy = await measure(10);
		servers[0]?.slow(50);
		const onset = await measure(1);
		const ill = await measure(10);
		return {
			healthy: quantile(healthy, 0.99),
			onset: quantile(onset, 0.99),
			ill: quantile(ill, 0.99),
			median: quantile(ill, 0.5),
		};
	});
	count("one slow instance", summary);
	for (const { healthy, onset, ill, median } of summary.values) {
		tell(
			`  p99 ${healthy.toFixed(1)} ms healthy, ${onset.toFixed(1)} in the first second, then ${ill.toFixed(1)} (p50 ${median.toFixed(1)})`,
		);
		expect(ill).toBeLessThan(3 * healthy);
	}
});

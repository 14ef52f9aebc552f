import { type Middleware, retry, ServiceError, timeout, triedInstances } from "@allium/core";
import { expect, test } from "vitest";
import { Ledger, Runs, startServers } from "./fixtures/ledger.ts";
import { quantile, report } from "./fixtures/report.ts";
import { convergence, cutOff, replacement, rough, settling } from "./fixtures/scenarios.ts";
import { simulateSeeds } from "./index.ts";

const { count, tell } = report();

test("no call settles twice or never, and a write runs at most once", async () => {
	const summary = await simulateSeeds({ seeds: 800, limitMs: 120_000 }, settling);
	count("settling", summary);
	const served = summary.values.reduce((sum, each) => sum + each, 0);
	tell(`  ${served} of ${summary.seeds * 80} calls were served`);
	expect(served).toBeGreaterThan(summary.seeds * 20);
});

test("retries never exceed their budget", async () => {
	const [ratio, minimumPerSecond, windowMs] = [0.2, 1, 10_000];
	const summary = await simulateSeeds({ seeds: 400 }, async (world) => {
		const servers = await startServers(world, 3, new Runs());
		const caller = await world.start("caller");
		world.network.configure(rough);
		const calls: number[] = [];
		const retries: number[] = [];
		const called: Middleware = (next) => (input, ctx) => {
			calls.push(performance.now());
			return next(input, ctx);
		};
		// Fails always, with an error that permits a retry. The free failover does not count as one.
		const fails: Middleware = () => async (_, ctx) => {
			if (triedInstances(ctx).length > 1) retries.push(performance.now());
			await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
			throw new ServiceError({ code: "unavailable" });
		};
		const perSecond = world.random.between(5, 60);
		await caller.run(async () => {
			const budget = { ratio, minimumPerSecond };
			const middleware = [called, timeout(), retry({ attempts: 5, longestDelayMs: 5, budget })];
			const ledger = caller.client(Ledger, { middleware, attempt: [fails] });
			for (let count = 0; count < 300; count++) {
				void ledger.read({ id: `${count}` }).catch(() => {});
				await new Promise((resolve) =>
					setTimeout(resolve, (-Math.log(1 - Math.random()) * 1_000) / perSecond),
				);
			}
			await new Promise((resolve) => setTimeout(resolve, 1_000));
		});
		expect(servers).toHaveLength(3);
		// The budget counts whole seconds, and a retry comes up to 5 ms after it was granted.
		const within = (times: readonly number[], from: number, to: number): number =>
			times.filter((time) => time > from && time <= to).length;
		for (const at of retries) {
			const granted = minimumPerSecond * 10 + ratio * within(calls, at - windowMs - 10, at);
			expect(within(retries, at - windowMs + 1_010, at)).toBeLessThanOrEqual(granted);
		}
		return retries.length / calls.length;
	});
	count("retry budget", summary);
	tell(
		`  at most ${Math.max(...summary.values).toFixed(2)} retries a call, where ${ratio} + 1 a second are allowed`,
	);
	expect(Math.max(...summary.values)).toBeGreaterThan(0.2);
});

test("calls go on while the registry is cut off, and come back to all instances after", async () => {
	count("registry cut off", await simulateSeeds({ seeds: 400 }, cutOff));
});

test("instances that are replaced one by one, in order, lose no call", async () => {
	count("replacement", await simulateSeeds({ seeds: 200 }, replacement));
});

test("after healing, every client sees the instances that are up", async () => {
	const summary = await simulateSeeds({ seeds: 400 }, convergence);
	count("convergence", summary);
	const times = [...summary.values].sort((one, other) => one - other);
	tell(
		`  after ${Math.round(quantile(times, 0.5))} ms at the median, ${Math.round(quantile(times, 1))} ms at most`,
	);
});

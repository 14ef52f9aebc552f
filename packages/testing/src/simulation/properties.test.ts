import { type Middleware, retry, ServiceError, timeout, triedInstances } from "@allium/core";
import { describe, expect } from "vitest";
import { Ledger, Runs, startServers } from "./fixtures/ledger.ts";
import { quantile, report } from "./fixtures/report.ts";
import { convergence, cutOff, replacement, rough, settling } from "./fixtures/scenarios.ts";
import { testSeeds } from "./fixtures/test-seeds.ts";
import type { World } from "./index.ts";

const { count, tell } = report();

const budget = { ratio: 0.2, minimumPerSecond: 1 };
/** For how long a budget counts calls and retries, in milliseconds. */
const windowMs = 10_000;

describe("no call settles twice or never, and a write runs at most once", () => {
	testSeeds({ seeds: 800, limitMs: 120_000 }, settling, {
		expects: ({ seeds, values }) => expect(sum(values)).toBeGreaterThan(seeds * 20),
		tells: (whole) => {
			count("settling", whole);
			tell(`  ${sum(whole.values)} of ${whole.seeds * 80} calls were served`);
		},
	});
});

describe("retries never exceed their budget", () => {
	testSeeds({ seeds: 400 }, retrying, {
		expects: ({ values }) => expect(Math.max(...values)).toBeGreaterThan(budget.ratio),
		tells: (whole) => {
			count("retry budget", whole);
			const most = Math.max(...whole.values).toFixed(2);
			tell(`  at most ${most} retries a call, where ${budget.ratio} + 1 a second are allowed`);
		},
	});
});

describe("calls go on while the registry is cut off, and come back to all instances after", () => {
	testSeeds({ seeds: 400 }, cutOff, { tells: (whole) => count("registry cut off", whole) });
});

describe("instances that are replaced one by one, in order, lose no call", () => {
	testSeeds({ seeds: 200 }, replacement, { tells: (whole) => count("replacement", whole) });
});

describe("after healing, every client sees the instances that are up", () => {
	testSeeds({ seeds: 400 }, convergence, {
		tells: (whole) => {
			count("convergence", whole);
			const times = [...whole.values].sort((one, other) => one - other);
			const [median, most] = [quantile(times, 0.5), quantile(times, 1)].map(Math.round);
			tell(`  after ${median} ms at the median, ${most} ms at most`);
		},
	});
});

/** Makes calls that all fail, and holds their retries against the budget. Returns how many there were a call. */
async function retrying(world: World): Promise<number> {
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
		const middleware = [called, timeout(), retry({ attempts: 5, longestDelayMs: 5, budget })];
		const ledger = caller.client(Ledger, { middleware, attempt: [fails] });
		for (let count = 0; count < 300; count++) {
			void ledger.read({ id: `${count}` }).catch(() => {});
			await new Promise((resolve) => setTimeout(resolve, (-Math.log(1 - Math.random()) * 1_000) / perSecond));
		}
		await new Promise((resolve) => setTimeout(resolve, 1_000));
	});
	expect(servers).toHaveLength(3);
	const { ratio, minimumPerSecond } = budget;
	// The budget counts whole seconds, and a retry comes up to 5 ms after it was granted.
	const within = (times: readonly number[], from: number, to: number): number =>
		times.filter((time) => time > from && time <= to).length;
	for (const at of retries) {
		const granted = minimumPerSecond * 10 + ratio * within(calls, at - windowMs - 10, at);
		expect(within(retries, at - windowMs + 1_010, at)).toBeLessThanOrEqual(granted);
	}
	return retries.length / calls.length;
}

function sum(values: readonly number[]): number {
	return values.reduce((total, value) => total + value, 0);
}

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type BrokerFlaw, flawedBroker } from "../broker/fixtures/flawed-broker.ts";
import { Gate } from "../broker/fixtures/gate.ts";
import { flawedGroupState } from "../group-state/fixtures/flawed-group-state.ts";
import { timesFrom } from "../times-from.ts";
import { type MessagingRun, messaging, recoveryBoundMs } from "./fixtures/messaging.ts";
import { quantile, report } from "./fixtures/report.ts";
import { testSeeds } from "./fixtures/test-seeds.ts";
import {
	type SeedsSummary,
	type SimulatedBackendOptions,
	SimulationError,
	simulate,
	simulateSeeds,
} from "./index.ts";

/** ALLIUM_SEEDS=100000 sets the number of seeds. */
const seeds = timesFrom("ALLIUM_SEEDS", 2_000);
const limitMs = 600_000;
/**
 * The bound on timers and other pending things in a process: two groups of eight handlers each, their lanes and waits.
 */
const pendingBound = 100;

const { count, tell } = report();

describe("while everything fails, each group handles each event, in the order of its key, and soon after", () => {
	testSeeds({ seeds, limitMs }, messaging, {
		expects: (summary) => {
			expect(sum(summary.values, "acknowledged")).toBeGreaterThan(summary.seeds * 10);
			expect(Math.max(...summary.values.map(({ pending }) => pending))).toBeLessThan(pendingBound);
		},
		tells: tellOf,
	});
});

test("the same seed gives the same log, to the byte", async () => {
	for (let seed = 1; seed <= 10; seed++) {
		const first = await simulate({ seed, limitMs }, messaging);
		const second = await simulate({ seed, limitMs }, messaging);
		expect(second.log).toBe(first.log);
	}
});

describe("a few seeds find out a broker with", () => {
	// These seeds are part of what is tested.
	beforeEach(() => vi.stubEnv("ALLIUM_SEED", ""));
	afterEach(() => vi.unstubAllEnvs());

	const by = (flaw: BrokerFlaw): SimulatedBackendOptions => ({
		open: (parts, options) => flawedBroker({ ...parts, gate: new Gate() }, options, flaw),
	});

	test.each<[flaw: string, broker: SimulatedBackendOptions, says: RegExp]>([
		[
			"no fencing",
			{ parts: ({ log, state }) => ({ log, state: flawedGroupState(state, "no fencing") }) },
			/a checkpoint of epoch \d+ was accepted after epoch \d+/,
		],
		[
			"a cursor that passes unfinished work",
			by("a cursor that passes unfinished work"),
			/has neither handled nor parked these|has not handled these/,
		],
		["unkeyed dispatch", by("unkeyed dispatch"), /the order of account-\d/],
		["requeue at the end", by("requeue at the end"), /has neither handled nor parked these|the order of/],
		[
			"a refusal that leaves no trace",
			by("a refusal that leaves no trace"),
			/has neither handled nor parked these/,
		],
	])("%s", async (_, broker, says) => {
		const error = await simulateSeeds({ seeds: 100, broker, limitMs }, messaging).catch((reason) => reason);
		expect(error).toBeInstanceOf(SimulationError);
		expect(error.message).toMatch(says);
	});
});

function sum(runs: readonly MessagingRun[], of: "acknowledged" | "repeats"): number {
	return runs.reduce((total, run) => total + run[of], 0);
}

function tellOf(whole: SeedsSummary<MessagingRun>): void {
	const { values: runs } = whole;
	count("messaging", whole);
	const recovery = runs.map(({ recoveryMs }) => recoveryMs).sort((one, other) => one - other);
	const [median, most] = [quantile(recovery, 0.5), quantile(recovery, 1)].map(Math.round);
	tell(
		`  ${sum(runs, "acknowledged")} events acknowledged, none lost; ${sum(runs, "repeats")} handled again`,
	);
	tell(`  nothing left after ${median} ms at the median, ${most} ms at most, of ${recoveryBoundMs} ms`);
	tell(`  at most ${Math.max(...runs.map(({ pending }) => pending))} timers in a process`);
}

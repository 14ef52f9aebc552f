import { type Client, Context } from "@allium/core";
import type { EventStore, ViewStore } from "@allium/core/store";
import { type Workflow, workflow } from "@allium/events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { flawedStore } from "../store/fixtures/flawed-store.ts";
import { pause } from "../suite/eventually.ts";
import { timesFrom } from "../times-from.ts";
import { flawedBuild, flawedViewStore } from "../view/fixtures/flawed-view-store.ts";
import { type Account, Transfers } from "./fixtures/bank.ts";
import { quantile, report } from "./fixtures/report.ts";
import { catchUpBoundMs, type SourcingRun, sourcing, type TransferCode } from "./fixtures/sourcing.ts";
import { testSeeds } from "./fixtures/test-seeds.ts";
import {
	type Scenario,
	type SeedsSummary,
	type SimulateOptions,
	SimulationError,
	simulate,
} from "./index.ts";

/** ALLIUM_SEEDS=100000 sets the number of seeds. */
const seeds = timesFrom("ALLIUM_SEEDS", 2_000);
const limitMs = 900_000;
/** The bound on timers and other pending things in a process: its groups, their lanes and handlers, views and calls. */
const pendingBound = 100;

const { count, tell } = report();

/**
 * The place of the store's events: in the log of the broker, or in a separate database from which relays forward them.
 */
const places: readonly (readonly [place: string, options: SimulateOptions])[] = [
	["in the broker", {}],
	["apart from the broker", { store: {} }],
];

describe.each(places)(
	"while everything fails, money is constant, all that begins ends once, and views are what their log says: %s",
	(place, options) => {
		testSeeds({ ...options, seeds: Math.ceil(seeds / places.length), batch: 20, limitMs }, sourcing, {
			expects: (summary) => {
				const completed = summary.values.reduce((sum, run) => sum + run.completed, 0);
				expect(completed).toBeGreaterThan(summary.seeds);
				expect(summary.values.every(({ builds }) => builds > 1)).toBe(true);
				expect(Math.max(...summary.values.map(({ pending }) => pending))).toBeLessThan(pendingBound);
			},
			tells: (whole) => tellOf(place, whole),
		});
	},
);

test("the same seed gives the same log, to the byte", async () => {
	for (const [, options] of places) {
		const first = await simulate({ ...options, seed: 7, limitMs }, sourcing);
		const second = await simulate({ ...options, seed: 7, limitMs }, sourcing);
		expect(second.log).toBe(first.log);
	}
});

describe("a few seeds find out", { timeout: 600_000 }, () => {
	// These seeds are part of what is tested.
	beforeEach(() => vi.stubEnv("ALLIUM_SEED", ""));
	afterEach(() => vi.unstubAllEnvs());

	const events = (change: (store: EventStore) => EventStore): SimulateOptions => ({
		broker: { parts: ({ events }) => ({ events: change(events) }) },
	});
	const views = (change: (store: ViewStore) => ViewStore): SimulateOptions => ({
		broker: { parts: ({ views }) => ({ views: change(views) }) },
	});

	test.each<[property: string, flaw: string, options: SimulateOptions, says: RegExp]>([
		[
			"(5) each view is the fold of its log",
			"a view store that saves places and documents apart",
			views(inTwoSteps),
			/the view is not the fold of its log/,
		],
		[
			"(6) no stream has two events of one cause and operation",
			"a store that forgets calls and ids",
			events(forgetful),
			/a stream has two events of one cause|money is not constant/,
		],
		[
			"(8) when the faults stop, nothing lags soon after",
			"a view whose dead holder seems to live",
			views(immortal),
			/not caught up within/,
		],
		[
			"(10) each workflow ends once",
			"a store that checks versions, and then inserts",
			events((store) => flawedStore(store, "checks, then inserts")),
			/ends more or less than once|has two results|behind the end|less than no money|not the fold|to be 'ended'|not over/,
		],
		[
			"(11) a rebuild changes nothing",
			"a build that begins where the live one is",
			views(lazy),
			/the view is not the fold of its log|went back/,
		],
	])("%s: %s", async (_property, _flaw, options, says) => {
		await expectFoundOut(options, sourcing, says);
	});

	test("(7) money is constant: a workflow whose calls have no ids", async () => {
		const scenario: Scenario<SourcingRun> = (world) => sourcing(world, careless);
		await expectFoundOut({}, scenario, /money is not constant/);
	});
});

/** Runs seeds until one fails with the sentence. Others may fail for another reason: what is broken breaks more than one property. */
async function expectFoundOut(
	options: SimulateOptions,
	scenario: Scenario<SourcingRun>,
	says: RegExp,
): Promise<void> {
	const others: string[] = [];
	for (let seed = 1; seed <= 100; seed++) {
		const error = await simulate({ ...options, seed, limitMs }, scenario).catch((reason) => reason);
		if (!(error instanceof SimulationError)) continue;
		if (says.test(error.message)) return;
		others.push(error.message.slice(0, 200));
	}
	expect.unreachable(`no seed fails with ${says}, but with: ${others.join("\n")}`);
}

/** It neither keeps outcomes nor recognises repeated events. */
function forgetful(store: EventStore): EventStore {
	const renaming = flawedStore(store, "forgets ids");
	return {
		...renaming,
		append: (parts, ctx) => renaming.append(parts, ctx),
		outcome: async () => undefined,
	};
}

/** It saves the places, and the documents a moment later. */
function inTwoSteps(store: ViewStore): ViewStore {
	return {
		...flawedViewStore(store, "switches to what is not built"),
		build(id) {
			const build = flawedBuild(store, id);
			return {
				...build,
				async apply(lease, work, ctx) {
					const change = await work({ sql: async () => [], settled: async () => {} });
					await build.apply(lease, async () => ({ places: change.places }), ctx);
					await pause(200);
					await build.apply(lease, async () => ({ ...change, places: new Map() }), ctx);
				},
			};
		},
	};
}

let looks = 0;

/** Each report of a build shows a new renewal. */
function immortal(store: ViewStore): ViewStore {
	return {
		...flawedViewStore(store, "switches to what is not built"),
		async report(id, ctx) {
			const report = await store.report(id, ctx);
			if (report === undefined) return undefined;
			const builds = report.builds.map((build) => ({ ...build, renewal: `${build.renewal} ${++looks}` }));
			return { ...report, builds };
		},
	};
}

/** The first claim of a new build gets the places of the live build. */
function lazy(store: ViewStore): ViewStore {
	return {
		...flawedViewStore(store, "switches to what is not built"),
		build(id) {
			const build = store.build(id);
			return {
				...flawedBuild(store, id),
				async claim(member, epoch, ctx) {
					const lease = await build.claim(member, epoch, ctx);
					const report = await store.report(id, ctx);
					const live = report?.builds.find(({ build }) => build === report.live);
					if (lease === undefined || live === undefined || lease.places.size > 0) return lease;
					return { ...lease, places: live.places };
				},
			};
		},
	};
}

/** Moves money without the cause of the call, so that a repeated call cannot be recognised. */
const careless: TransferCode = (accounts: Client<typeof Account>): Workflow =>
	workflow("transfer", Transfers.requested, async ({ id, from, to, amount }, run) => {
		const plain = (): Context => Context.background().withTimeout(10_000);
		const withdraw = () => accounts.withdraw({ account: from, amount }, plain()).then(() => true, isFinal);
		const deposit = () => accounts.deposit({ account: to, amount }, plain()).then(() => true, isFinal);
		const giveBack = () => accounts.deposit({ account: from, amount }, plain()).then(() => {});
		if (!(await run.step("withdraw", withdraw)))
			return run.publish(Transfers.refused({ id, reason: "money" }));
		if (await run.step("deposit", deposit)) return run.publish(Transfers.completed({ id }));
		await run.step("give back", giveBack);
		await run.publish(Transfers.refused({ id, reason: "account" }));
	});

function isFinal(error: { readonly code: string }): false {
	if (error.code === "failed_precondition") return false;
	throw error;
}

function tellOf(place: string, whole: SeedsSummary<SourcingRun>): void {
	const { values: runs } = whole;
	count(`event sourcing, ${place}`, whole);
	const sorted = (of: "caughtUpMs" | "endedMs"): readonly number[] =>
		runs.map((run) => run[of]).sort((one, other) => one - other);
	const [caughtUp, ended] = [sorted("caughtUpMs"), sorted("endedMs")];
	const ms = (times: readonly number[], share: number): number => Math.round(quantile(times, share));
	tell(
		`  nothing lags after ${ms(caughtUp, 0.5)} ms at the median, ${ms(caughtUp, 1)} ms at most, of ${catchUpBoundMs} ms`,
	);
	tell(`  all transfers have ended after ${ms(ended, 0.5)} ms at the median, ${ms(ended, 1)} ms at most`);
	tell(`  at most ${Math.max(...runs.map(({ pending }) => pending))} timers in a process`);
	tell(
		`  ${runs.reduce((sum, { reads }) => sum + reads, 0)} reads of views, none of which went back in time`,
	);
}

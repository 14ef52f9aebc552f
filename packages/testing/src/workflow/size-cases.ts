import { workflow } from "@allium/events";
import { stateOf } from "@allium/events/journal";
import { expect } from "vitest";
import { RunningTime } from "../running-time.ts";
import { bytesInUse } from "../suite/bytes-in-use.ts";
import { eventually } from "../suite/eventually.ts";
import { timesFrom } from "../times-from.ts";
import { Jobs } from "./jobs.ts";
import type { WorkflowCase } from "./workflow-case.ts";
import { background, factsOf, journalOf, publish } from "./workflow-lab.ts";
import { publisherOf } from "./workflow-process.ts";

/** How many bytes of memory a run that sleeps may take. A store in memory also holds its journal. */
const bytesPerRun = 32_768;
/** How much other memory may be in use, in bytes, such as pages of events in hand. */
const slackBytes = 32 * 1024 * 1024;
/** How many events are published at once. */
const together = 200;
/**
 * How long each run may take until it is asleep, or awake, in milliseconds. It is generous, because the machine may be
 * busy.
 */
const runMs = 20;
/** How many entries a journal has at most. */
const mostEntries = 10_000;

/** Many runs, and long ones. */
export const sizeCases: readonly WorkflowCase[] = [
	{
		title: "many runs that sleep take bounded memory, and all of them wake",
		timeoutMs: Math.max(600_000, 3 * runMs * timesFrom("ALLIUM_RUNS", 10_000)),
		async run(lab) {
			const store = await lab.open();
			const { many } = lab;
			const patience = { patienceMs: Math.max(lab.patienceMs, many * runMs), intervalMs: 50 };
			let [asleep, awake, wakeAt] = [0, 0, 0];
			const sleeper = workflow("suite-many", Jobs.begun, async (_, run) => {
				await run.step("fall asleep", () => void asleep++);
				await run.sleep("a while", Math.max(0, wakeAt - run.now().getTime()));
				await run.step("wake", () => void awake++);
			});
			await lab.process(sleeper, store);
			const begin = async (prefix: string, count: number): Promise<void> => {
				for (let first = 0; first < count; first += together) {
					const events = Array.from({ length: Math.min(together, count - first) }, (_, index) =>
						Jobs.begun({ id: `${prefix}${first + index}`, to: "" }),
					);
					await publisherOf(store)(events, background);
				}
			};
			// A few that do not sleep show how long it takes until all others do, so that none wakes while others fall asleep.
			const pilotBegan = performance.now();
			await begin("p", together);
			await eventually(() => expect(awake).toBeGreaterThanOrEqual(together), patience);
			const perRunMs = (performance.now() - pilotBegan) / together;
			[asleep, awake, wakeAt] = [0, 0, Date.now() + Math.max(5_000, perRunMs * many)];
			const before = bytesInUse();
			using falling = new RunningTime();
			await begin("m", many);
			await eventually(() => expect(asleep).toBeGreaterThanOrEqual(many), patience);
			const wokeEarly = awake;
			const fellMs = falling.milliseconds;
			const taken = bytesInUse() - before;
			await eventually(() => expect(awake).toBeGreaterThanOrEqual(many), patience);
			const wokeMs = Math.max(0, Date.now() - wakeAt);
			await lab.until(store, sleeper, `m${many - 1}`, "ended");
			lab.figures.set(
				`${many} runs that sleep`,
				`${Math.round(taken / many)} bytes of memory each; asleep after ${Math.round(fellMs)} ms, ${wokeEarly} awake by then; all awake ${Math.round(wokeMs)} ms after their time`,
			);
			expect(taken).toBeLessThan(many * bytesPerRun + slackBytes);
		},
	},
	{
		title: "a journal that is full parks its run with a sentence that says what to do",
		timeoutMs: 240_000,
		async run(lab) {
			const store = await lab.open();
			const long = workflow("suite-long", Jobs.begun, async (_, run) => {
				for (let index = 0; index < mostEntries; index++) {
					const some = Array.from({ length: 500 }, (_, at) => run.step(`${index}-${at}`, () => 1));
					await Promise.all(some);
				}
			});
			await lab.process(long, store);
			await publish(store, Jobs.begun({ id: "l1", to: "" }));
			await lab.until(store, long, "l1", "parked");
			const { parked } = stateOf((await journalOf(store, long, "l1")).entries);
			expect(parked?.error).toEqual({
				code: "resource_exhausted",
				reason: "journal_full",
				message:
					"the journal has 10000 entries, which is the most: restart the run with run.restart(data) from time to time",
			});
			expect((await factsOf(store, long, "l1")).length).toBeLessThanOrEqual(mostEntries + 1);
		},
	},
];

import { isError } from "@allium/core";
import { memoryGroupState } from "@allium/core/log-broker";
import type { EventStore } from "@allium/core/store";
import { type Workflow, workflow } from "@allium/events";
import { expect } from "vitest";
import { Effects } from "./effects.ts";
import { Accounts, Jobs } from "./jobs.ts";
import { Mortality, mortalStore } from "./mortal-store.ts";
import type { WorkflowCase } from "./workflow-case.ts";
import { background, factsOf, publish, settledOf, type WorkflowLab } from "./workflow-lab.ts";
import { publisherOf } from "./workflow-process.ts";

/** A workflow with a wait for an event, two steps at once, a race, a compensation, and an event that it publishes. */
export function jobOf(effects: Effects): Workflow {
	return workflow(
		"suite-job",
		Jobs.begun,
		async (job, run) => {
			const approved = await run.receive(Jobs.approved, { withinMs: 3_600_000 });
			await Promise.all([
				run.call(effects.withdraw, job, { as: "withdraw" }),
				run.step("note", () => approved?.to ?? "nobody"),
			]);
			await Promise.race([run.sleep("pause", 5), run.sleep("longer pause", 3_600_000)]);
			try {
				await run.call(effects.deposit, job, { as: "deposit" });
			} catch (error) {
				if (!isError(error, Accounts.deposit.error.closed)) throw error;
				await run.call(effects.deposit, { ...job, to: "back" }, { as: "give back" });
			}
			await run.publish(Jobs.done(job));
		},
		{ receives: [Jobs.approved] },
	);
}

const wholeSteps = ["deposit", "note", "pause", "suite-jobs.approved", "suite-jobs.done", "withdraw"];

/** Ends a process at a moment of a run, and lets another continue. Returns whether the first one reached the end. */
async function endedAt(lab: WorkflowLab, store: EventStore, moments: number, to: string): Promise<boolean> {
	const id = `${to}-${moments}`;
	const effects = new Effects();
	const job = jobOf(effects);
	const mortality = new Mortality(moments);
	effects.moment = mortality.moment;
	const publishing = publisherOf(store);
	const mortal = await lab.process(job, mortalStore(store, mortality), {
		async publish(events, ctx) {
			mortality.moment();
			const receipts = await publishing(events, ctx);
			mortality.moment();
			return receipts;
		},
	});
	await publish(store, Jobs.begun({ id, to }));
	await publish(store, Jobs.approved({ id, to: "ann" }));
	await lab.eventually(async () => {
		const facts = await factsOf(store, job, id);
		expect(mortality.hasEnded || facts.some(({ is }) => is === "ended")).toBe(true);
	}, 2);
	const isWhole = !mortality.hasEnded;
	await mortal.close();
	effects.moment = () => {};
	const heir = await lab.process(job, store);
	await lab.until(store, job, id, "ended");
	await heir.close();
	await checkWhole(store, job, effects, id, to);
	return isWhole;
}

async function checkWhole(
	store: EventStore,
	job: Workflow,
	effects: Effects,
	id: string,
	to: string,
): Promise<void> {
	const steps = to === "closed" ? [...wholeSteps, "give back"].sort() : wholeSteps;
	expect([id, [...(await settledOf(store, job, id))].sort()]).toEqual([id, steps]);
	expect(effects.of(id)).toEqual([`deposit ${id}`, `withdraw ${id}`]);
	const ends = (await factsOf(store, job, id)).filter(({ is }) => is === "ended");
	expect(ends).toHaveLength(1);
	const topic = await store.log.open("suite-jobs", {}, background);
	const bounds = { events: 10_000, bytes: 1e9 };
	const { events } = await topic.read(await topic.at("start", background), bounds, background);
	const done = events.filter(({ event }) => event.type === "suite-jobs.done" && event.key === id);
	expect(done).toHaveLength(1);
}

/** Crashes and races of processes. */
export const crashCases: readonly WorkflowCase[] = [
	...["open", "closed"].map(
		(to): WorkflowCase => ({
			title: `a run whose process ends before or after any write or effect comes to the same end: to an account that is ${to}`,
			timeoutMs: 240_000,
			async run(lab) {
				const store = await lab.open();
				let moments = 0;
				while (!(await endedAt(lab, store, moments, to))) moments++;
				// Each append, effect and publication has two moments. With fewer, the test would not be exhaustive.
				expect(moments).toBeGreaterThan(20);
				lab.figures.set(
					`a process ended at each moment of a run, to an account that is ${to}`,
					`${moments} moments`,
				);
			},
		}),
	),
	{
		title: "two executors of a run write one journal, with each result once, and do each thing once",
		timeoutMs: 180_000,
		async run(lab) {
			const effects = new Effects();
			const job = jobOf(effects);
			const stores = [await lab.open(), await lab.open(), await lab.open()];
			const [store] = stores;
			if (store === undefined) return expect.unreachable();
			// Each process has its own groups, so that each of them works on every run.
			for (const each of stores) await lab.process(job, each, { state: lab.closing(memoryGroupState()) });
			const ids = Array.from({ length: 20 }, (_, index) => `raced-${index}`);
			await Promise.all(ids.map((id) => publish(store, Jobs.begun({ id, to: "open" }))));
			await Promise.all(ids.map((id) => publish(store, Jobs.approved({ id, to: "ann" }))));
			for (const id of ids) await lab.until(store, job, id, "ended");
			for (const id of ids) await checkWhole(store, job, effects, id, "open");
		},
	},
];

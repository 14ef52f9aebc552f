import { type Workflow, workflow } from "@allium/events";
import { expect } from "vitest";
import { Jobs } from "./jobs.ts";
import type { WorkflowCase } from "./workflow-case.ts";
import { background, factsOf, publish, settledOf } from "./workflow-lab.ts";

const hourMs = 3_600_000;

/** Waits for an event, and records when it continues. */
function waiting(withinMs: number, seen: unknown[]): Workflow {
	return workflow(
		"suite-wait",
		Jobs.begun,
		async (_, run) => {
			const approved = await run.receive(Jobs.approved, { withinMs });
			await run.step("note", () => void seen.push(approved?.to));
		},
		{ receives: [Jobs.approved] },
	);
}

/** Waits that last while processes come and go. */
export const waitCases: readonly WorkflowCase[] = [
	{
		title: "a run sleeps across restarts of its process, and no shorter than it was told",
		async run(lab) {
			const store = await lab.open();
			const woke = new Map<string, number>();
			const sleeper = workflow("suite-sleep", Jobs.begun, async ({ id, to }, run) => {
				await run.sleep("a while", Number(to));
				await run.step("note", () => void woke.set(id, Date.now()));
			});
			// If it wakes before the first process closes, the run shows nothing: another one sleeps for longer.
			for (let sleepMs = 1_500; ; sleepMs *= 2) {
				const id = `s${sleepMs}`;
				const first = await lab.process(sleeper, store);
				const begunAt = Date.now();
				await publish(store, Jobs.begun({ id, to: String(sleepMs) }));
				// From then on it takes no memory of a process, because the group knows when it is due.
				const group = store.state?.group({ topic: "workflow.suite-sleep", group: "workflow.suite-sleep" });
				await lab.eventually(async () => {
					const counts = await group?.counts(background);
					expect(counts?.delayed === 1 || woke.has(id)).toBe(true);
				});
				await first.close();
				const wokeEarly = woke.has(id);
				const second = await lab.process(sleeper, store);
				await second.stop();
				const third = await lab.process(sleeper, await lab.open());
				await lab.until(store, sleeper, id, "ended");
				await third.stop();
				if (wokeEarly) continue;
				expect((woke.get(id) ?? 0) - begunAt).toBeGreaterThanOrEqual(sleepMs);
				const waits = (await factsOf(store, sleeper, id)).filter(({ is }) => is === "waiting");
				expect(waits).toHaveLength(1);
				return;
			}
		},
	},
	{
		title: "a run receives what came while no process ran, and before its start, once each",
		async run(lab) {
			const store = await lab.open();
			const seen: unknown[] = [];
			const job = waiting(hourMs, seen);
			// The group exists from then on.
			await (await lab.process(job, store)).stop();
			await publish(store, Jobs.approved({ id: "w1", to: "early" }));
			await publish(store, Jobs.begun({ id: "w1", to: "" }));
			const process = await lab.process(job, store);
			await lab.until(store, job, "w1", "ended");
			await publish(store, Jobs.begun({ id: "w2", to: "" }));
			await lab.until(store, job, "w2", "waiting");
			await process.close();
			await publish(store, Jobs.approved({ id: "w2", to: "late" }));
			await lab.process(job, store);
			await lab.until(store, job, "w2", "ended");
			expect(seen).toEqual(["early", "late"]);
		},
	},
	{
		title: "of an event and a time at once one wins, whichever it is and in whichever process",
		timeoutMs: 180_000,
		async run(lab) {
			const store = await lab.open();
			const seen: unknown[] = [];
			const job = waiting(300, seen);
			let process = await lab.process(job, store);
			const ids = Array.from({ length: 12 }, (_, index) => `race-${index}`);
			for (const [index, id] of ids.entries()) {
				await publish(store, Jobs.begun({ id, to: "" }));
				// Moments before, at, and after the time.
				await lab.eventually(async () => expect(await factsOf(store, job, id)).not.toEqual([]));
				const due = Date.now() + 25 * index;
				await lab.eventually(() => expect(Date.now()).toBeGreaterThanOrEqual(due));
				await publish(store, Jobs.approved({ id, to: id }));
				await process.close();
				process = await lab.process(job, store);
			}
			for (const id of ids) await lab.until(store, job, id, "ended");
			for (const id of ids) {
				expect(await settledOf(store, job, id)).toEqual(["suite-jobs.approved", "note"]);
			}
			expect(seen.length).toBeGreaterThanOrEqual(ids.length);
		},
	},
];

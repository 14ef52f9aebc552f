import { type Run, type Workflow, workflow } from "@allium/events";
import { stateOf } from "@allium/events/journal";
import { expect } from "vitest";
import { Jobs } from "./jobs.ts";
import type { WorkflowCase } from "./workflow-case.ts";
import { journalOf, publish, settledOf, type WorkflowLab } from "./workflow-lab.ts";

type Code = (run: Run) => Promise<unknown>;

/** A workflow that waits in the middle. */
function codeOf(before: Code, after: Code, options: { version?: number; old?: Workflow } = {}): Workflow {
	const { version = 1, old } = options;
	const code = async (_: unknown, run: Run): Promise<void> => {
		await before(run);
		await run.receive(Jobs.approved);
		await after(run);
	};
	const versions = old === undefined ? {} : { versions: { 1: old["~allium"].codeOf(1).code as typeof code } };
	return workflow("suite-code", Jobs.begun, code as never, {
		receives: [Jobs.approved],
		version,
		...versions,
	});
}

const steps =
	(...names: readonly string[]): Code =>
	async (run) => {
		for (const name of names) await run.step(name, () => name);
	};

/** Begins a run with some code, and continues it with other code. */
async function deployed(
	lab: WorkflowLab,
	id: string,
	old: Workflow,
	young: Workflow,
): Promise<readonly string[]> {
	const store = await lab.open();
	const process = await lab.process(old, store);
	await publish(store, Jobs.begun({ id, to: "" }));
	await lab.until(store, old, id, "waiting");
	await process.stop();
	const next = await lab.process(young, store);
	await publish(store, Jobs.approved({ id, to: "" }));
	await lab.eventually(async () => {
		const { status } = stateOf((await journalOf(store, young, id)).entries);
		expect(["ended", "parked"]).toContain(status);
	});
	await next.stop();
	const { status, parked } = stateOf((await journalOf(store, young, id)).entries);
	return status === "ended"
		? settledOf(store, young, id)
		: ["parked", parked?.step ?? "", parked?.error.reason ?? ""];
}

const received = "suite-jobs.approved";

/** Runs whose code was changed. */
export const codeCases: readonly WorkflowCase[] = [
	{
		title:
			"steps may be put into another order and done at once where they are recorded, and changed behind that",
		async run(lab) {
			const old = codeOf(steps("one", "two", "three"), steps("four", "five"));
			const both: Code = (run) =>
				Promise.all(["three", "one", "two"].map((name) => run.step(name, () => name)));
			expect(await deployed(lab, "order", old, codeOf(steps("three", "one", "two"), steps("four")))).toEqual([
				"one",
				"two",
				"three",
				received,
				"four",
			]);
			expect(await deployed(lab, "at-once", old, codeOf(both, steps("new", "five")))).toEqual([
				"one",
				"two",
				"three",
				received,
				"new",
				"five",
			]);
		},
	},
	{
		title: "code that cannot follow its journal is parked, with the name of the step",
		async run(lab) {
			const old = codeOf(steps("one", "two"), steps("three"));
			const young = codeOf(steps("one", "new"), steps("three"));
			expect(await deployed(lab, "astray", old, young)).toEqual(["parked", "new", "cannot_follow"]);
		},
	},
	{
		title: "a run that was begun by an old version ends with its code, beside runs of the new one",
		async run(lab) {
			const old = codeOf(steps("one"), steps("old end"));
			const young = codeOf(steps("new one"), steps("new end"), { version: 2, old });
			expect(await deployed(lab, "old", old, young)).toEqual(["one", received, "old end"]);
			const store = await lab.open();
			await lab.process(young, store);
			await publish(store, Jobs.begun({ id: "young", to: "" }));
			await publish(store, Jobs.approved({ id: "young", to: "" }));
			await lab.until(store, young, "young", "ended");
			expect(await settledOf(store, young, "young")).toEqual(["new one", received, "new end"]);
		},
	},
];

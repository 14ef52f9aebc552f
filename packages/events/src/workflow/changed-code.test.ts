import { contract, event } from "@allium/core";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { later, Runs } from "./fixtures/runs.ts";
import { replayed } from "./replayed.ts";
import type { Run } from "./run.ts";
import { type Workflow, workflow } from "./workflow.ts";

const Jobs = contract("jobs", { begun: event({ key: "id", data: z.object({ id: z.string() }) }) });

type Code = (run: Run) => Promise<void>;

function job(code: Code, options: { version?: number; versions?: Record<number, Code> } = {}): Workflow {
	const { versions = {}, ...rest } = options;
	const old = Object.entries(versions).map(([version, code]) => [
		version,
		(_: unknown, run: Run) => code(run),
	]);
	return workflow("job", Jobs.begun, (_, run) => code(run as Run), {
		...rest,
		versions: Object.fromEntries(old),
	});
}

const one: Code = (run) => run.step("one", () => {});
const two: Code = (run) => run.step("two", () => {});
const three: Code = (run) => run.step("three", () => {});
const night: Code = (run) => run.sleep("night", 1_000);

/** A run of this code that has come to its first wait, and goes on with other code. */
async function changed(before: Workflow, after: Workflow): Promise<Runs> {
	const runs = new Runs(before);
	await runs.start(Jobs.begun({ id: "j1" }), "j1");
	await runs.advance("j1");
	runs.deploy(after);
	await runs.advance("j1", later);
	return runs;
}

const original: Code = async (run) => {
	await one(run);
	await two(run);
	await night(run);
};

describe("code that was changed under a run", () => {
	test("behind what is recorded goes on: steps may be added, removed and put into another order there", async () => {
		const runs = await changed(
			job(async (run) => {
				await original(run);
				await three(run);
			}),
			job(async (run) => {
				await original(run);
				await run.step("five", () => 5);
				await run.step("four", () => 4);
			}),
		);
		expect(await runs.state("j1")).toMatchObject({ status: "ended" });
		expect(await runs.settled("j1")).toEqual(["one", "two", "night", "five", "four"]);
	});

	test("with recorded steps in another order goes on", async () => {
		const after = job(async (run) => {
			await two(run);
			await one(run);
			await night(run);
		});
		expect(await (await changed(job(original), after)).state("j1")).toMatchObject({ status: "ended" });
	});

	test("with recorded steps at once goes on", async () => {
		const after = job(async (run) => {
			await Promise.all([two(run), one(run)]);
			await night(run);
		});
		expect(await (await changed(job(original), after)).state("j1")).toMatchObject({ status: "ended" });
	});

	test.each([
		[
			"a step more in the middle",
			async (run: Run) => {
				await one(run);
				await three(run);
				await two(run);
				await night(run);
			},
			"three",
			"two",
		],
		[
			"another name of a step",
			async (run: Run) => {
				await run.step("uno", () => 1);
				await two(run);
				await night(run);
			},
			"uno",
			"one",
		],
	])(
		"with %s parks the run, with the names of the steps, and does nothing",
		async (_, code, asked, recorded) => {
			const runs = await changed(job(original), job(code));
			expect(await runs.settled("j1")).toEqual(["one", "two"]);
			const { status, parked } = await runs.state("j1");
			expect(status).toBe("parked");
			expect(parked).toMatchObject({ step: asked, error: { reason: "cannot_follow" } });
			expect(parked?.error.message).toContain(`"${asked}"`);
			expect(parked?.error.message).toContain(`"${recorded}"`);
			// The right code goes on, once somebody lets it.
			runs.deploy(job(original));
			await runs.add("j1", { is: "resumed" });
			expect(await runs.advance("j1", later)).toMatchObject({ status: "ended" });
		},
	);

	test.each([
		["sleeps under another name", (run: Run) => run.sleep("day", 1_000), "day"],
		["does not sleep any more", (run: Run) => three(run), "three"],
	])("and %s parks a run that sleeps, instead of beginning anew", async (_, then, asked) => {
		const code: Code = async (run) => {
			await one(run);
			await two(run);
			await then(run);
		};
		const runs = await changed(job(original), job(code));
		expect(await runs.settled("j1")).toEqual(["one", "two"]);
		const { status, parked } = await runs.state("j1");
		expect(status).toBe("parked");
		expect(parked).toMatchObject({ step: asked, error: { reason: "cannot_follow" } });
		expect(parked?.error.message).toContain(`"night" is recorded`);
		runs.deploy(job(code, { version: 2 }));
		await runs.add("j1", { is: "resumed" });
		await runs.advance("j1", later);
		expect(await runs.advance("j1", later + 2_000)).toMatchObject({ status: "ended" });
	});

	test("and has a new version goes on with what is recorded, and does the rest", async () => {
		const after = job(
			async (run) => {
				await three(run);
				await two(run);
				await night(run);
			},
			{ version: 2 },
		);
		const runs = await changed(job(original), after);
		expect(await runs.state("j1")).toMatchObject({ status: "ended" });
		expect(await runs.settled("j1")).toEqual(["one", "two", "three", "night"]);
	});

	test("and has the old code beside it, ends old runs with that, and begins new ones with its own", async () => {
		const done: string[] = [];
		const both = job(
			async (run) => {
				await run.step("new", () => void done.push("new"));
			},
			{
				version: 2,
				versions: {
					1: async (run) => {
						await original(run);
						await run.step("old", () => void done.push("old"));
					},
				},
			},
		);
		const runs = await changed(job(original), both);
		await runs.start(Jobs.begun({ id: "j2" }), "j2");
		await runs.advance("j2");
		expect(done).toEqual(["old", "new"]);
	});
});

describe("a journal that was exported", () => {
	async function exported(code: Code, key = "j1") {
		const runs = new Runs(job(code));
		await runs.start(Jobs.begun({ id: key }), key);
		await runs.advance(key);
		const { entries } = await runs.journal(key);
		return { workflow: "job", key, events: entries.map(({ record }) => record) };
	}

	test("can be followed by the code that wrote it, without doing anything", async () => {
		let done = 0;
		const code: Code = async (run) => {
			await run.step("one", () => void done++);
			await night(run);
		};
		const journal = JSON.parse(JSON.stringify(await exported(code)));
		expect(await replayed(job(code), journal)).toEqual({ status: "waiting", steps: ["night"] });
		expect(done).toBe(1);
	});

	test("can be followed by code that names its steps by the id of the run", async () => {
		const code: Code = async (run) => {
			await run.step(`bill ${run.id}`, () => 1);
		};
		expect(await replayed(job(code), await exported(code))).toEqual({ status: "ended" });
	});

	test("of a run that is over leads to its end", async () => {
		expect(await replayed(job(one), await exported(one))).toEqual({ status: "ended" });
	});

	test("that other code cannot follow is refused with the name of the step", async () => {
		const other = job(async (run) => {
			await three(run);
			await original(run);
		});
		await expect(replayed(other, await exported(original))).rejects.toThrow('the step "three"');
	});

	test("of another workflow, without a beginning, and of a run that the code would not end, is refused", async () => {
		const journal = await exported(one);
		await expect(replayed(job(original), { ...journal, workflow: "other" })).rejects.toThrow(
			'not one of "job"',
		);
		await expect(replayed(job(original), { ...journal, events: [] })).rejects.toThrow("how the run began");
		await expect(replayed(job(original), journal)).rejects.toThrow(
			'has ended, but the code goes on with "two"',
		);
		const strange = { ...journal.events[0], type: "workflow.job.other" };
		// Another attempt would not help, so a run with such a journal is parked at once.
		await expect(replayed(job(original), { ...journal, events: [strange as never] })).rejects.toMatchObject({
			code: "failed_precondition",
			reason: "unknown_entry",
			message: expect.stringMatching(
				/workflow\.job\.other .* is no entry .* update this service, or see who wrote it$/,
			),
		});
	});
});

import { describe, expect, test } from "vitest";
import { later, Runs } from "./fixtures/runs.ts";
import { Transfers } from "./fixtures/transfers.ts";
import { runSummary } from "./run-summary.ts";
import { workflow } from "./workflow.ts";

const request = Transfers.requested({ id: "t1", from: "a", to: "b", amount: 30 });

/** A run that was cancelled, and whose way back is parked. */
async function parkedOnItsWayBack(): Promise<{ readonly runs: Runs; mend(): void }> {
	let isBroken = true;
	const code = workflow("transfer", Transfers.requested, async (_, run) => {
		try {
			await run.sleep("a while", 60_000);
		} finally {
			await run.call(
				async () => {
					if (isBroken) throw new Error("no");
				},
				undefined,
				{ as: "tidy up" },
			);
		}
	});
	const runs = new Runs(code, { isCompared: false });
	await runs.start(request, "t1");
	await runs.advance("t1");
	await runs.cancel("t1");
	for (let attempts = 0; attempts < 8; attempts++) await runs.advance("t1", later);
	const mend = (): void => {
		isBroken = false;
	};
	return { runs, mend };
}

describe("a second cancellation", () => {
	test("changes nothing: the run is parked where it was, for its journal and for its code", async () => {
		const { runs, mend } = await parkedOnItsWayBack();
		expect(await runs.state("t1")).toMatchObject({ status: "parked", isCancelling: true });
		await runs.cancel("t1", "once more");
		mend();
		expect(await runs.advance("t1", later)).toMatchObject({
			status: "parked",
			parked: { step: "tidy up" },
			isCancelling: true,
		});
		await runs.add("t1", { is: "resumed" });
		expect(await runs.advance("t1")).toMatchObject({ status: "cancelled" });
	});
});

describe("the summary of a run", () => {
	test("is what its whole journal tells, while it waits, parked, and when it is over", async () => {
		const { runs, mend } = await parkedOnItsWayBack();
		const stream = "workflow/transfer/t1";
		const told = async (): Promise<void> => {
			const { beginning, entries } = await runs.journal("t1");
			expect(await runSummary(runs.store, stream, runs.ctx)).toEqual({
				key: "t1",
				state: await runs.state("t1"),
				version: 1,
				begun: beginning?.record.time,
				changed: entries.at(-1)?.record.time,
			});
		};
		await told();
		mend();
		await runs.add("t1", { is: "resumed" });
		await runs.advance("t1");
		await told();
	});

	test("counts only what came since the last restart", async () => {
		const code = workflow("transfer", Transfers.requested, async (data, run) => {
			if (data.amount === 30) await run.restart({ ...data, amount: 31 });
			await run.sleep("a while", 60_000);
		});
		const runs = new Runs(code);
		await runs.start(request, "t1");
		await runs.advance("t1");
		await runs.store.dropSnapshots(undefined, runs.ctx);
		const { state } = await runSummary(runs.store, "workflow/transfer/t1", runs.ctx);
		expect(state).toEqual(await runs.state("t1"));
		expect(state.waits).toHaveLength(1);
	});
});

import type { EventStore } from "@allium/core/store";
import { expect } from "vitest";
import { blamed } from "../suite/blamed-events.ts";
import { pause } from "../suite/eventually.ts";
import { runProgram } from "../suite/suite-program.ts";
import { Jobs } from "./jobs.ts";
import { checkPaid } from "./paid.ts";
import { payment } from "./payment.ts";
import type { WorkflowCase } from "./workflow-case.ts";
import { background, publish } from "./workflow-lab.ts";

/** How many processes are killed. */
const kills = 50;
/** How many runs there are. */
const runs = 150;

/** Workflows in separate processes. */
export const processCases: readonly WorkflowCase[] = [
	{
		title: "runs whose processes are killed with kill -9 at random points end once, and do each thing once",
		needs: ["program"],
		timeoutMs: 900_000,
		async run(lab) {
			const store = await lab.open();
			const { module, url } = lab.setup.program ?? expect.unreachable();
			const start = () => runProgram(import.meta.url, "./payment-worker", [module, url]);
			const ids = Array.from({ length: runs }, (_, index) => `paid-${index}`);
			let worker = start();
			await worker.says(/^ready$/m);
			try {
				for (let kill = 0; kill < kills; kill++) {
					const some = ids.slice((kill * runs) / kills, ((kill + 1) * runs) / kills);
					await Promise.all(some.map((id) => publish(store, Jobs.begun({ id, to: "open" }))));
					// The kill comes at any point: in steps, in waits, between a result and its record.
					await pause(Math.random() * 120);
					worker.signal("SIGKILL");
					await worker.ended();
					worker = start();
					await worker.says(/^ready$/m);
				}
				const job = payment(store, () => {});
				await lab.eventually(async () => {
					await replayBlamed(store);
					for (const id of ids) await lab.expectStatus(store, job, id, "ended");
				});
				expect(await checkPaid(store, ids)).toEqual([]);
			} finally {
				await worker[Symbol.asyncDispose]();
			}
		},
	},
];

/** Replays the events that were parked because of the kills, in all groups. */
async function replayBlamed({ state }: EventStore): Promise<void> {
	for (const id of (await state?.groups(background)) ?? []) {
		const group = state?.group(id);
		const parked = await group?.parked({ limit: 100 }, background);
		const which = blamed(parked?.items ?? []);
		if (which !== undefined) await group?.replay(which, background);
	}
}

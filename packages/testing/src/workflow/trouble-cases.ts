import { isError, isServiceError, ServiceError } from "@allium/core";
import { workflow } from "@allium/events";
import { expect } from "vitest";
import { Effects } from "./effects.ts";
import { Accounts, Jobs } from "./jobs.ts";
import type { WorkflowCase } from "./workflow-case.ts";
import { addTo, factsOf, publish, settledOf } from "./workflow-lab.ts";

/** Errors, trouble, and cancellation. */
export const troubleCases: readonly WorkflowCase[] = [
	{
		title: "a declared error is a result: it is thrown again, with its type, in the process that goes on",
		async run(lab) {
			const store = await lab.open();
			const effects = new Effects();
			const caught: boolean[] = [];
			const job = workflow(
				"suite-error",
				Jobs.begun,
				async (given, run) => {
					try {
						await run.call(effects.deposit, given, { as: "deposit" });
					} catch (error) {
						caught.push(isError(error, Accounts.deposit.error.closed));
					}
					await run.receive(Jobs.approved);
				},
				{ receives: [Jobs.approved] },
			);
			const first = await lab.process(job, store);
			await publish(store, Jobs.begun({ id: "e1", to: "closed" }));
			await lab.until(store, job, "e1", "waiting");
			await first.close();
			await lab.process(job, store);
			await publish(store, Jobs.approved({ id: "e1", to: "" }));
			await lab.until(store, job, "e1", "ended");
			expect(caught.length).toBeGreaterThanOrEqual(2);
			expect(new Set(caught)).toEqual(new Set([true]));
		},
	},
	{
		title: "trouble is tried again until it is over, by whichever process there is then",
		async run(lab) {
			const store = await lab.open();
			let isUp = false;
			let attempts = 0;
			const job = workflow("suite-trouble", Jobs.begun, async (_, run) => {
				await run.step("call", () => {
					attempts++;
					if (!isUp) throw new ServiceError({ code: "unavailable" });
				});
			});
			const first = await lab.process(job, store);
			await publish(store, Jobs.begun({ id: "t1", to: "" }));
			await lab.eventually(() => expect(attempts).toBeGreaterThanOrEqual(2));
			// An attempt whose process lost its lane is not recorded.
			await lab.eventually(async () => {
				const waits = (await factsOf(store, job, "t1")).filter(({ is }) => is === "waiting");
				expect(JSON.stringify(waits)).toContain("unavailable");
			});
			await first.close();
			isUp = true;
			await lab.process(job, store);
			await lab.until(store, job, "t1", "ended");
		},
	},
	{
		title: "cancelling throws into what waits, once, and what the code does then is recorded",
		async run(lab) {
			const store = await lab.open();
			const reasons: unknown[] = [];
			const job = workflow("suite-cancel", Jobs.begun, async (_, run) => {
				try {
					await run.sleep("long", 3_600_000);
				} catch (error) {
					reasons.push(isServiceError(error) && error.reason);
					await run.sleep("a moment", 300);
					await run.step("tidy up", () => "done");
					throw error;
				}
			});
			const first = await lab.process(job, store);
			await publish(store, Jobs.begun({ id: "c1", to: "" }));
			await lab.until(store, job, "c1", "waiting");
			await addTo(store, job, "c1", { is: "cancelled", reason: "they left" });
			await lab.eventually(() => expect(reasons).not.toEqual([]));
			await first.close();
			await addTo(store, job, "c1", { is: "cancelled", reason: "once more" });
			await lab.process(job, store);
			await lab.until(store, job, "c1", "cancelled");
			expect(new Set(reasons)).toEqual(new Set(["workflow_cancelled"]));
			expect(await settledOf(store, job, "c1")).toEqual(["a moment", "tidy up"]);
		},
	},
	{
		title: "a run that restarts goes on with its new data alone, in whichever process",
		async run(lab) {
			const store = await lab.open();
			const seen: string[] = [];
			// So many that what was before the last restart is not read.
			const parts = Array.from({ length: 60 }, (_, number) => `part ${number}`);
			const job = workflow("suite-restart", Jobs.begun, async ({ id, to }, run) => {
				await run.step("note", () => void seen.push(to));
				await Promise.all(parts.map((part) => run.step(part, () => {})));
				if (to.length < 3) await run.restart({ id, to: `${to}x` });
				await run.sleep("a while", 400);
			});
			const first = await lab.process(job, store);
			await publish(store, Jobs.begun({ id: "r1", to: "" }));
			await lab.until(store, job, "r1", "waiting");
			await first.close();
			await lab.process(job, store);
			await lab.until(store, job, "r1", "ended");
			expect(seen).toEqual(["", "x", "xx", "xxx"]);
			expect(await settledOf(store, job, "r1")).toEqual(["note", ...parts, "a while"]);
		},
	},
];

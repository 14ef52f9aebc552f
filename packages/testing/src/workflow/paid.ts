import { Context } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import { effectsOf, payment, paymentSteps } from "./payment.ts";
import { journalOf } from "./workflow-lab.ts";

/** The faults of payments that have ended, one sentence each: effects, results and ends that are missing or doubled. */
export async function checkPaid(store: EventStore, ids: readonly string[]): Promise<readonly string[]> {
	const job = payment(store, () => {});
	const faults: string[] = [];
	for (const id of ids) {
		const { events } = await store.read(effectsOf(id), {}, Context.background());
		const done = events.map(({ event }) => event.type.slice("suite-effects.".length)).sort();
		if (done.join() !== [...paymentSteps].sort().join()) faults.push(`${id} has done ${done.join(", ")}`);
		const facts = (await journalOf(store, job, id)).entries.map(({ fact }) => fact);
		const ends = facts.filter(({ is }) => is === "ended").length;
		if (ends !== 1) faults.push(`${id} has ended ${ends} times`);
		const settled = facts.flatMap((fact) => (fact.is === "settled" ? [fact.step] : []));
		if (new Set(settled).size !== settled.length) faults.push(`${id} has two results of a step`);
	}
	return faults;
}

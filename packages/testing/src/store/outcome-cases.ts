import { expect } from "vitest";
import { accountEvent, accountEvents, idsOf, part, streamName } from "./account-event.ts";
import type { EventStoreCase } from "./store-case.ts";
import { append, background, outcome, readStream, wrongVersion } from "./store-lab.ts";

const outcomeKnown = { code: "already_exists", reason: "outcome_known" };

/** The outcomes of calls. */
export const outcomeCases: readonly EventStoreCase[] = [
	{
		title: "an outcome is kept with its append, and comes back as it was",
		async run(lab) {
			const [left, right] = [await lab.open(), await lab.open()];
			expect(await right.outcome("call", background)).toBeUndefined();
			const kept = outcome("call", { text: `{"name":"Zürich 🧅"}`, fingerprint: "'; -- 🧅" });
			await append(left, part([accountEvent("1")]), kept);
			expect(await right.outcome("call", background)).toMatchObject({
				id: "call",
				fingerprint: kept.fingerprint,
				text: kept.text,
			});
			expect(await right.outcome("call2", background)).toBeUndefined();
			expect(await right.outcome("Call", background)).toBeUndefined();
		},
	},
	{
		title: "an outcome that is known is told before all else, and nothing is appended",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1")]), outcome("call"));
			const asked = [
				part([accountEvent("2")]),
				part([accountEvent("2")], { expected: "none" }),
				part([accountEvent("1", { data: "other" })]),
				part([accountEvent("1")]),
				part([accountEvent("2")], { stream: "" }),
			];
			for (const each of asked) {
				const another = outcome("call", { fingerprint: "another", text: "another" });
				await expect(append(store, each, another), JSON.stringify(each)).rejects.toMatchObject(outcomeKnown);
			}
			expect(idsOf(await readStream(store))).toEqual(["1"]);
			expect(await store.outcome("call", background)).toMatchObject({ text: outcome("call").text });
		},
	},
	{
		title: "a refused append keeps no outcome",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1")]));
			const refused = append(store, part([accountEvent("2")], { expected: "none" }), outcome("call"));
			await expect(refused).rejects.toMatchObject(wrongVersion(1));
			expect(await store.outcome("call", background)).toBeUndefined();
			await append(store, part([accountEvent("2")], { expected: 1 }), outcome("call"));
			expect(await store.outcome("call", background)).toBeDefined();
		},
	},
	{
		title: "an outcome without events is kept: a refusal, or a command that changed nothing",
		async run(lab) {
			const store = await lab.open();
			expect(await store.append([], background, outcome("alone"))).toEqual([]);
			await append(store, part([], { expected: "none" }), outcome("checked"));
			for (const id of ["alone", "checked"]) {
				expect(await store.outcome(id, background), id).toMatchObject({ id });
				await expect(store.append([], background, outcome(id))).rejects.toMatchObject(outcomeKnown);
			}
		},
	},
	{
		title: "of 16 attempts of one call at once one is appended, and the others are told its outcome",
		async run(lab) {
			const stores = await Promise.all(Array.from({ length: 4 }, () => lab.open()));
			const racing = Array.from({ length: 16 }, (_, index) => {
				const parts = part(accountEvents(`attempt-${index}`, 2));
				const kept = outcome("call", { text: String(index) });
				return append(stores[index % stores.length] ?? expect.unreachable(), parts, kept);
			});
			const outcomes = await Promise.allSettled(racing);
			const refused = outcomes.filter(({ status }) => status === "rejected");
			for (const each of refused) expect(each).toMatchObject({ reason: outcomeKnown });
			expect(refused).toHaveLength(15);
			const store = await lab.open();
			const winner = outcomes.findIndex(({ status }) => status === "fulfilled");
			expect(await store.outcome("call", background)).toMatchObject({ text: String(winner) });
			expect(idsOf(await readStream(store))).toEqual([`attempt-${winner}-0`, `attempt-${winner}-1`]);
		},
	},
	{
		title: "an append whose events are there already keeps its outcome",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1")]));
			expect(await append(store, part([accountEvent("1")]), outcome("call"))).toMatchObject({
				duplicate: true,
			});
			expect(await store.outcome("call", background)).toBeDefined();
			expect(await readStream(store, streamName)).toHaveLength(1);
		},
	},
	{
		title: "an outcome is kept while others come and go",
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1")]), outcome("long"));
			for (let count = 0; count < 50; count++)
				await store.append([], background, outcome(`short-${count}`, { keepMs: 1 }));
			expect(await store.outcome("long", background)).toMatchObject({ text: outcome("long").text });
		},
	},
];

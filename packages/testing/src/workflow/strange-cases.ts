import type { EventRecord } from "@allium/core/event";
import type { EventStore } from "@allium/core/store";
import { workflow } from "@allium/events";
import { topicOf } from "@allium/events/journal";
import { expect } from "vitest";
import { storeMethods } from "../store/store-methods.ts";
import { Jobs } from "./jobs.ts";
import type { WorkflowCase } from "./workflow-case.ts";
import { addTo, background, journalOf, publish, settledOf, type WorkflowLab } from "./workflow-lab.ts";

const name = "suite-strange";
const topic = topicOf(name);
/** A kind of entries that no version of the journals has. */
const strangeType = `${topic}.delegated`;

const job = workflow(
	name,
	Jobs.begun,
	async (_, run) => {
		await run.step("one", () => "by itself");
		await run.receive(Jobs.approved);
		await run.step("two", () => "by itself");
	},
	{ receives: [Jobs.approved] },
);

/** Writes an entry of a strange kind behind the last entry of a run, as a newer service would, or somebody by hand. */
async function addStrange(store: EventStore, key: string): Promise<void> {
	const { facts, version, entries } = await journalOf(store, job, key);
	const before = entries.at(-1)?.record ?? expect.unreachable();
	const { notBefore: _, ...rest } = before;
	const event: EventRecord = { ...rest, id: `delegated ${key}`, type: strangeType, data: { to: "ann" } };
	await store.append([{ stream: facts.stream, topic, expected: version, events: [event] }], background);
}

/** The store as an updated service reads it, which knows the strange kind. */
function updated(store: EventStore): EventStore {
	const known = (event: EventRecord): EventRecord =>
		event.type === strangeType
			? { ...event, type: `${topic}.settled`, data: { step: "two", kind: "step", value: "by ann" } }
			: event;
	return {
		...storeMethods(store),
		async read(...asked) {
			const { events, ...rest } = await store.read(...asked);
			return { ...rest, events: events.map((read) => ({ ...read, event: known(read.event) })) };
		},
	};
}

/** Waits until the deliveries of a topic that no attempt can handle are parked, and returns their errors. */
async function parkedOf(lab: WorkflowLab, store: EventStore, of: string, count: number) {
	const group = store.state?.group({ topic: of, group: topic }) ?? expect.unreachable();
	await lab.eventually(async () => {
		expect(await group.counts(background)).toMatchObject({ parked: count });
	}, 20);
	const { items } = await group.parked({ limit: count }, background);
	return { group, errors: items.map(({ error }) => error) };
}

/** Entries of journals that a process cannot read. */
export const strangeCases: readonly WorkflowCase[] = [
	{
		title:
			"a run whose journal has an entry of an unknown kind is parked with a sentence, beside others that end, and goes on after an update",
		async run(lab) {
			const store = await lab.open();
			const old = await lab.process(job, store);
			const keys = ["strange", ...Array.from({ length: 20 }, (_, index) => `usual-${index}`)];
			for (const id of keys) await publish(store, Jobs.begun({ id, to: "" }));
			for (const id of keys) await lab.until(store, job, id, "waiting");
			await addStrange(store, "strange");
			for (const id of keys) await publish(store, Jobs.approved({ id, to: "" }));
			for (const id of keys.slice(1)) await lab.until(store, job, id, "ended");
			const { group, errors } = await parkedOf(lab, store, "suite-jobs", 1);
			expect(errors).toEqual([
				{
					code: "failed_precondition",
					reason: "unknown_entry",
					message: expect.stringMatching(
						/^the event workflow\.suite-strange\.delegated with the id delegated strange is no entry .*; update this service, or see who wrote it$/,
					),
				},
			]);
			await old.stop();
			const young = updated(store);
			await lab.process(job, young);
			expect(await group.replay("all", background)).toBe(1);
			await lab.until(young, job, "strange", "ended");
			expect(await settledOf(young, job, "strange")).toEqual(["one", "two", "suite-jobs.approved"]);
		},
	},
	{
		title:
			"a run that goes on by itself meets an entry of an unknown kind, writes nothing behind it, and is parked",
		async run(lab) {
			const store = await lab.open();
			const first = await lab.process(job, store);
			await publish(store, Jobs.begun({ id: "strange", to: "" }));
			await lab.until(store, job, "strange", "waiting");
			await first.stop();
			const young = updated(store);
			await addStrange(store, "strange");
			await addTo(young, job, "strange", { is: "cancelled", reason: "they left" });
			const { version } = await journalOf(young, job, "strange");
			const old = await lab.process(job, store);
			const { group, errors } = await parkedOf(lab, store, topic, 1);
			expect(errors).toMatchObject([{ reason: "unknown_entry" }]);
			expect((await journalOf(young, job, "strange")).version).toBe(version);
			await old.stop();
			await lab.process(job, young);
			expect(await group.replay("all", background)).toBe(1);
			await lab.until(young, job, "strange", "cancelled");
		},
	},
];

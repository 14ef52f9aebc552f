import { isServiceError } from "@allium/core";
import type { EventStore } from "@allium/core/store";
import { expect } from "vitest";
import { pause } from "../suite/eventually.ts";
import { accountEvent, accountEvents, idsOf, part, streamName } from "./account-event.ts";
import type { EventStoreCase } from "./store-case.ts";
import { append, background, type EventStoreLab, outcome, readStream, readTopicOf } from "./store-lab.ts";

/** The way to the server is cut, or the server goes away and comes back. */
export const outageCases: readonly EventStoreCase[] = [
	{
		title: "an append whose reply was cut off is one append when it comes again",
		needs: ["target"],
		async run(lab) {
			const proxy = await lab.proxy();
			const store = await lab.open({ target: proxy.url });
			for (let count = 0; count < 6; count++) {
				await append(store, part([accountEvent(`before-${count}`)]));
				const again = part(accountEvents(`${count}`, 2), { expected: 3 * count + 1 });
				const stalled = proxy.add({ fault: "stall", direction: "downstream" });
				await expect(store.append([again], background.withTimeout(200))).rejects.toThrow();
				proxy.cut("reset");
				stalled.remove();
				await lab.eventually(async () => {
					const [appended] = await store.append([again], background.withTimeout(2_000));
					expect(appended?.version).toBe(3 * count + 3);
				});
			}
			expect(await readStream(store)).toHaveLength(18);
			expect(await readTopicOf(lab, store, 18)).toHaveLength(18);
		},
	},
	{
		title:
			"what append resolved is there after the server was killed, where the store promises it, and nothing is there twice",
		needs: ["outage"],
		timeoutMs: 180_000,
		async run(lab, skip) {
			const store = await lab.open();
			if ((await store.features(background)).syncs === "later")
				return skip("this store says that it syncs later");
			const done: string[] = [];
			let isStopped = false;
			const load = Array.from({ length: 4 }, async (_, writer) => {
				for (let count = 0; !isStopped; count++) {
					await untilAppended(lab, store, `${writer}-${count}`);
					done.push(`${writer}-${count}`);
				}
			});
			await lab.eventually(() => expect(done.length).toBeGreaterThan(50));
			await lab.outage.kill();
			await lab.outage.restart();
			const back = done.length;
			await lab.eventually(() => expect(done.length).toBeGreaterThan(back + 50));
			isStopped = true;
			await Promise.all(load);
			const ids = idsOf(await readStream(store));
			expect(ids.toSorted()).toEqual(done.toSorted());
			expect(idsOf(await readTopicOf(lab, store, done.length)).toSorted()).toEqual(done.toSorted());
			for (const id of done) expect(await store.outcome(id, background), id).toBeDefined();
		},
	},
	{
		title: "what is asked during an outage of the server is refused in time",
		needs: ["outage"],
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("before")]));
			await lab.outage.kill();
			const ctx = background.withTimeout(1_000);
			const asked = [
				store.append([part([accountEvent("during")])], ctx),
				store.read(streamName, {}, ctx),
				store.outcome("call", ctx),
				store.transaction((tx) => tx.append(part([accountEvent("during too")])), ctx),
			];
			for (const each of await Promise.allSettled(asked)) {
				expect(each.status).toBe("rejected");
				const error: unknown = each.status === "rejected" ? each.reason : undefined;
				expect(isServiceError(error) && error.code).toBeOneOf(["unavailable", "deadline_exceeded"]);
			}
			await lab.outage.restart();
			await untilAppended(lab, store, "after");
			const ids = idsOf(await readStream(store));
			expect(ids.filter((id) => !id.startsWith("during"))).toEqual(["before", "after"]);
		},
	},
	{
		title: "a store that is closed during an outage of the server closes",
		needs: ["outage"],
		async run(lab) {
			const store = await lab.open();
			await append(store, part([accountEvent("1")]));
			await lab.outage.kill();
			await store.close();
			await lab.outage.restart();
		},
	},
];

/** Appends one event with its outcome repeatedly until it is acknowledged. */
async function untilAppended(lab: EventStoreLab, store: EventStore, id: string): Promise<void> {
	const event = part([accountEvent(id)]);
	await lab.eventually(async () => {
		try {
			await store.append([event], background.withTimeout(2_000), outcome(id));
		} catch (error) {
			// An attempt whose reply was lost has stored the outcome.
			if (isServiceError(error) && error.reason === "outcome_known") return;
			await pause(20);
			throw error;
		}
	});
}

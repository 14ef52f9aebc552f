import { isServiceError } from "@allium/core";
import type { EventRecord, TopicLog } from "@allium/core/event";
import { expect } from "vitest";
import { pause } from "../suite/eventually.ts";
import type { LogCase } from "./log-case.ts";
import { background, type LogLab, readAll } from "./log-lab.ts";
import { idOf, matchEvent, matchEvents } from "./match-event.ts";

/** The way to the server is cut, or the server goes away and comes back. */
export const outageCases: readonly LogCase[] = [
	{
		title: "an event whose first reply was cut off is one event when it is published again",
		needs: ["target"],
		async run(lab, skip) {
			const proxy = await lab.proxy();
			const topic = await lab.topic({ lanes: 1 }, proxy.url);
			if (topic.features.dedupeMs === 0) return skip("the log remembers no ids");
			const events = matchEvents("a", 6);
			for (const event of events) {
				await topic.append([matchEvent(`${event.id}-before`, { key: "a" })], background);
				const stalled = proxy.add({ fault: "stall", direction: "downstream" });
				await expect(topic.append([event], background.withTimeout(200))).rejects.toThrow();
				proxy.cut("reset");
				stalled.remove();
				await untilPublished(lab, topic, event);
			}
			const read = (await readAll(topic)).map(idOf).filter((id) => !id.endsWith("-before"));
			expect(read).toEqual(events.map(({ id }) => id));
		},
	},
	{
		title: "a reader whose connection is cut goes on, and misses nothing",
		needs: ["target"],
		async run(lab) {
			const proxy = await lab.proxy();
			const [left, right] = [await lab.topic({ lanes: 1 }), await lab.topic({ lanes: 1 }, proxy.url)];
			const seen: string[] = [];
			let after = await right.at("start", background);
			for (const event of matchEvents("a", 10)) {
				await left.append([event], background);
				proxy.cut(seen.length % 2 === 0 ? "reset" : "end");
				await lab.eventually(async () => {
					const ctx = background.withTimeout(2_000);
					const page = await right.read(after, { events: 10, bytes: 1e6 }, ctx);
					seen.push(...page.events.map(idOf));
					after = page.next;
					expect(seen.at(-1)).toBe(event.id);
				});
			}
			expect(seen).toEqual(matchEvents("a", 10).map(({ id }) => id));
		},
	},
	{
		title: "a wait whose connection is cut hears of what comes later",
		needs: ["target"],
		async run(lab) {
			const proxy = await lab.proxy();
			const [left, right] = [await lab.topic({ lanes: 1 }), await lab.topic({ lanes: 1 }, proxy.url)];
			const now = await right.at("now", background);
			const waiting = heard(right, now);
			const refusal = proxy.add({ fault: "refuse" });
			proxy.cut("reset");
			await left.append([matchEvent("1")], background);
			refusal.remove();
			await lab.eventually(async () =>
				expect(await Promise.race([waiting, Promise.resolve()])).toBe("heard"),
			);
		},
	},
	{
		title: "what publish resolved is there after the server was killed, where the log promises it",
		needs: ["outage"],
		async run(lab, skip) {
			const topic = await lab.topic({ lanes: 4 });
			if (topic.features.syncs === "later") return skip("this log says that it syncs later");
			const acknowledged: string[] = [];
			const load = new PublishLoad(topic, (id) => acknowledged.push(id));
			await lab.eventually(() => expect(acknowledged.length).toBeGreaterThan(50));
			await lab.outage.kill();
			await lab.outage.restart();
			const back = acknowledged.length;
			await lab.eventually(() => expect(acknowledged.length).toBeGreaterThan(back + 50));
			await load.stop();
			const read = (await readAll(topic)).map(idOf);
			const there = new Set(read);
			expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
			if (topic.features.dedupeMs > 0) expect(there.size).toBe(read.length);
		},
	},
	{
		title: "what is asked during an outage of the server is refused in time",
		needs: ["outage"],
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const start = await topic.at("start", background);
			await lab.outage.kill();
			const ctx = background.withTimeout(1_000);
			const asked = [
				topic.append([matchEvent("during")], ctx),
				topic.read(start, { events: 1, bytes: 1 }, ctx),
				topic.at("now", ctx),
			];
			for (const outcome of await Promise.allSettled(asked)) {
				expect(outcome.status).toBe("rejected");
				const error: unknown = outcome.status === "rejected" ? outcome.reason : undefined;
				expect(isServiceError(error) && error.code).toBeOneOf(["unavailable", "deadline_exceeded"]);
			}
			await lab.outage.restart();
			await untilPublished(lab, topic, matchEvent("after"));
			const read = (await readAll(topic)).map(idOf);
			expect(read.filter((id) => id !== "during")).toEqual(["after"]);
		},
	},
	{
		title: "a log that is closed during an outage of the server closes",
		needs: ["outage"],
		async run(lab) {
			const log = await lab.open();
			const topic = await log.open("matches", { lanes: 1 }, background);
			const now = await topic.at("now", background);
			const waiting = topic.changed(now, background).catch(() => {});
			await lab.outage.kill();
			await log.close();
			await waiting;
			await lab.outage.restart();
		},
	},
];

/** Publishes an event repeatedly until it is acknowledged. */
async function untilPublished(lab: LogLab, topic: TopicLog, event: EventRecord): Promise<void> {
	await lab.eventually(async () => {
		await topic.append([event], background.withTimeout(2_000));
	});
}

/** Waits for more events, in spite of failures. */
async function heard(topic: TopicLog, after: ReadonlyMap<number, string>): Promise<"heard"> {
	for (;;) {
		const page = await topic
			.read(after, { events: 1, bytes: 1 }, background.withTimeout(1_000))
			.catch(() => {});
		if (page !== undefined && page.events.length > 0) return "heard";
		await topic.changed(after, background).catch(() => pause(20));
	}
}

/** Publishes without a pause. An event that fails is published again under the same id. */
class PublishLoad {
	readonly #topic: TopicLog;
	readonly #acknowledged: (id: string) => void;
	readonly #workers: Promise<void>[];
	#isStopped = false;

	constructor(topic: TopicLog, acknowledged: (id: string) => void) {
		this.#topic = topic;
		this.#acknowledged = acknowledged;
		this.#workers = Array.from({ length: 4 }, (_, worker) => this.#work(worker));
	}

	/** Resolves when all calls are over. */
	async stop(): Promise<void> {
		this.#isStopped = true;
		await Promise.all(this.#workers);
	}

	async #work(worker: number): Promise<void> {
		let count = 0;
		while (!this.#isStopped) {
			const event = matchEvent(`load-${worker}-${count}`, { key: String(worker) });
			try {
				await this.#topic.append([event], background.withTimeout(1_000));
				this.#acknowledged(event.id);
				count++;
			} catch {
				await pause(20);
			}
		}
	}
}

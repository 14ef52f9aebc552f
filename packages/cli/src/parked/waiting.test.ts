import { Context } from "@allium/core";
import type { ParkedEvent, TopicLog } from "@allium/core/event";
import { memoryLog } from "@allium/core/log-broker";
import { beforeEach, expect, test } from "vitest";
import { waitingBehind } from "./waiting.ts";

const ctx = Context.background();
let topic: TopicLog;

beforeEach(async () => {
	topic = await memoryLog().open("matches", { lanes: 1 }, ctx);
});

interface Told {
	readonly name?: string;
	readonly notBefore?: string;
}

let last = 0;

/** Publishes events of a key, and returns the first as if it were parked. */
async function published(key: string, count: number, told: Told = {}): Promise<ParkedEvent> {
	const { name = "started", ...more } = told;
	const time = new Date().toISOString();
	const events = Array.from({ length: count }, () => {
		const id = String(++last);
		return {
			id,
			key,
			type: `matches.${name}`,
			version: 1,
			source: "test",
			time,
			data: 1,
			correlationId: id,
			...more,
		};
	});
	const [first] = await topic.append(events, ctx);
	const { lane = 0, cursor = "" } = first ?? {};
	return { lane, cursor, key, id: `k:${key}`, attempt: 1, due: "parked", since: 0, event: events[0] };
}

test("counts the later events of the key, and no others", async () => {
	await published("m1", 2);
	const parked = await published("m1", 1);
	await published("m2", 3);
	await published("m1", 4);
	expect(await waitingBehind(topic, parked, undefined, ctx)).toEqual({ count: 4, more: false });
});

test("counts neither what the group passes over nor what has its own time", async () => {
	const parked = await published("m1", 3);
	await published("m1", 4, { name: "ended" });
	await published("m1", 5, { notBefore: "2100-01-01T00:00:00Z" });
	expect(await waitingBehind(topic, parked, new Set(["started"]), ctx)).toEqual({ count: 2, more: false });
	expect(await waitingBehind(topic, parked, undefined, ctx)).toEqual({ count: 6, more: false });
});

test("counts up to a thousand", async () => {
	const parked = await published("m1", 1_200);
	expect(await waitingBehind(topic, parked, undefined, ctx)).toEqual({ count: 1_000, more: true });
});

test("nothing waits behind an event that holds no key", async () => {
	const { key, ...parked } = await published("m1", 5);
	expect(await waitingBehind(topic, parked, undefined, ctx)).toEqual({ count: 0, more: false });
});

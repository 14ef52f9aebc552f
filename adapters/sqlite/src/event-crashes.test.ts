import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { broker } from "./index.ts";

const background = Context.background();
const program = join(import.meta.dirname, "fixtures", "event-worker.ts");
const ttlMs = 500;
const [keys, eventsOfEach] = [20, 40];
const patient = { timeout: 170_000, interval: 50 };

/** An event of a key: which one it is stands at the end of its id. */
function eventOf(key: number, count: number): EventRecord {
	const facts = { version: 1, source: "test", time: new Date().toISOString(), data: {} };
	const id = `k${key}-${count}`;
	return { id, type: "matches.started", key: `k${key}`, correlationId: id, ...facts };
}

describe("workers on the files of events", () => {
	let folder: string;
	let url: string;
	let workers: ServiceProcess[];

	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "allium-crashes-"));
		url = `sqlite:${folder}`;
		workers = [];
	});
	afterEach(async () => {
		for (const worker of workers) await worker[Symbol.asyncDispose]();
		await rm(folder, { recursive: true });
	});

	async function start(): Promise<ServiceProcess> {
		const env = { NODE_OPTIONS: "--conditions=@allium/source" };
		const worker = ServiceProcess.run(program, { args: [url, String(ttlMs)], env });
		workers.push(worker);
		await worker.says(/^working$/m);
		return worker;
	}

	/** The ids that were handled, in the order in which each was handled first, by any process. */
	function handled(): string[] {
		const lines = workers.flatMap(({ output }) => [...output.matchAll(/^done (\S+) (\d+)$/gm)]);
		const inTime = lines.sort(([, , one], [, , other]) => Number(one) - Number(other));
		return [...new Set(inTime.map(([, id = ""]) => id))];
	}

	/** Publishes while the workers are being disturbed. Checks that each event is handled, and in order. */
	async function publishAll(disturb: (published: number) => Promise<void>): Promise<void> {
		const here = await broker(url, { ttlMs });
		const topic = await here.open("matches", { lanes: 4 }, background);
		for (let count = 0; count < eventsOfEach; count++) {
			const events = Array.from({ length: keys }, (_, key) => eventOf(key, count));
			await Promise.all(events.map((event) => topic.publish([event], background)));
			if (count % 8 === 4) await disturb((count + 1) * keys);
		}
		await handledAll(keys * eventsOfEach);
		await here.close();
		for (let key = 0; key < keys; key++) {
			const ofKey = handled().filter((id) => id.startsWith(`k${key}-`));
			expect(ofKey).toEqual(Array.from({ length: eventsOfEach }, (_, count) => `k${key}-${count}`));
		}
	}

	function handledAll(count: number): Promise<void> {
		return vi.waitFor(() => expect(handled()).toHaveLength(count), patient);
	}

	test("that are killed lose no event, and their keys go on in order elsewhere", async () => {
		await start();
		await start();
		await publishAll(async () => {
			workers.at(-1)?.signal("SIGKILL");
			await start();
		});
	}, 180_000);

	test("that are suspended for longer than their lease hold nothing up, and do no harm when they wake", async () => {
		const [suspended] = [await start(), await start()];
		await publishAll(async (published) => {
			suspended.signal("SIGSTOP");
			await handledAll(published);
			suspended.signal("SIGCONT");
		});
	}, 180_000);
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRegistry } from "@allium/node";
import { RunningTime } from "@allium/testing";
import { ServiceProcess } from "@allium/testing/process";
import { type App, allium, type Client } from "allium";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Add } from "./contract.ts";

const main = new URL("main.ts", import.meta.url).pathname;

/** How long a registration lasts without a heartbeat: the registry's default. */
const ttlMs = 5_000;

let folder: string;
let app: App;
let add: Client<typeof Add>;
let instances: ServiceProcess[];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-failure-"));
	const registry = `sqlite://${folder}`;
	instances = await Promise.all(
		[1, 2].map(() => ServiceProcess.start(main, { env: { ALLIUM_REGISTRY: registry } })),
	);
	app = allium({ name: "load", registry, logger: { log() {} } });
	await app.start();
	add = app.client(Add);
});

afterEach(async () => {
	await app.stop();
	for (const instance of instances) await instance[Symbol.asyncDispose]();
	await rm(folder, { recursive: true, force: true });
});

/** Many callers in a closed loop, until told to stop. */
class Load {
	calls = 0;
	readonly failures: unknown[] = [];
	#running = true;
	readonly #callers: Promise<void>[];

	constructor(callers: number) {
		this.#callers = Array.from({ length: callers }, () => this.#call());
	}

	async stop(): Promise<void> {
		this.#running = false;
		await Promise.all(this.#callers);
	}

	/** Resolves after the given number of further calls. */
	async further(calls: number): Promise<void> {
		const goal = this.calls + calls;
		await expect.poll(() => this.calls, { timeout: 15_000 }).toBeGreaterThan(goal);
	}

	async #call(): Promise<void> {
		while (this.#running) {
			try {
				await add.sum({ a: 1, b: 2 });
			} catch (error) {
				this.failures.push(error);
			}
			this.calls++;
		}
	}
}

describe("two instances under load", () => {
	test("lose no call of a read method when one is killed, and the dead one is gone within its time to live", async () => {
		const [victim] = instances;
		const load = new Load(32);
		await load.further(2000);

		victim?.signal("SIGKILL");
		using time = new RunningTime();
		await load.further(2000);
		await load.stop();
		expect(load.failures).toEqual([]);

		const observer = app.client(Add);
		await observer.sum({ a: 1, b: 2 });
		const registered = async (): Promise<number> => {
			const registry = await openRegistry(`sqlite://${folder}`, {
				adapters: { sqlite: () => import("@allium/sqlite") },
			});
			try {
				return (await registry.list({ service: "add" })).length;
			} finally {
				await registry.close();
			}
		};
		await expect.poll(registered).toBe(1);
		expect(time.milliseconds).toBeLessThan(ttlMs + 1_000);
	});

	test("lose no call when one is told to stop; its streams end cleanly", async () => {
		const load = new Load(32);
		const streams = Array.from({ length: 8 }, async () => {
			let last = 0;
			for await (const { prime } of add.primes({ upTo: 200_000 })) last = prime;
			return last;
		});
		await load.further(1000);

		instances[0]?.signal("SIGTERM");
		expect(await instances[0]?.ended()).toBe(0);
		await load.further(1000);
		await load.stop();
		expect(load.failures).toEqual([]);
		expect(await Promise.all(streams)).toEqual(Array(8).fill(199_999));
	});
});

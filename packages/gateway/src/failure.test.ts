import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, expect, test } from "vitest";
import { post, System } from "./fixtures/system.ts";

const file = new URL("fixtures/lab-process.ts", import.meta.url).pathname;

let system: System;
let instances: ServiceProcess[];
beforeEach(async () => {
	system = await System.create();
	const env = { ALLIUM_REGISTRY: system.registry, NODE_OPTIONS: "--conditions=@allium/source" };
	instances = await Promise.all([1, 2].map(() => ServiceProcess.start(file, { env })));
});
afterEach(async () => {
	await system[Symbol.asyncDispose]();
	for (const instance of instances) await instance[Symbol.asyncDispose]();
});

/** Many callers in a closed loop over HTTP, until they are told to stop. */
class Load {
	calls = 0;
	readonly failures: unknown[] = [];
	#running = true;
	readonly #callers: Promise<void>[];

	constructor(url: string) {
		this.#callers = Array.from({ length: 16 }, () => this.#call(url));
	}

	/** Resolves when the given number of further calls have been made. */
	async further(calls: number): Promise<void> {
		const goal = this.calls + calls;
		await expect.poll(() => this.calls, { timeout: 15_000 }).toBeGreaterThan(goal);
	}

	async stop(): Promise<void> {
		this.#running = false;
		await Promise.all(this.#callers);
	}

	async #call(url: string): Promise<void> {
		while (this.#running) {
			const answer = await post(`${url}/lab/echo`, { text: "hi" });
			const body = await answer.text();
			if (answer.status !== 200) this.failures.push([answer.status, body]);
			this.calls++;
		}
	}
}

test("under load through the gateway no call of a read method is lost when an instance is killed", async () => {
	const load = new Load(await system.open());
	await load.further(500);
	instances[0]?.signal("SIGKILL");
	await load.further(1_000);
	await load.stop();
	expect(load.failures).toEqual([]);
});

test("nor when one is told to stop", async () => {
	const load = new Load(await system.open());
	await load.further(500);
	instances[0]?.signal("SIGTERM");
	expect(await instances[0]?.ended()).toBe(0);
	await load.further(500);
	await load.stop();
	expect(load.failures).toEqual([]);
});

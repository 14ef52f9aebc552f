import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import type { Instance } from "./instance.ts";
import { MemoryInstances, memoryRegistry } from "./memory-registry.ts";
import type { RegistryEvent } from "./registry.ts";

const background = Context.background();

function instance(id: string, change: Partial<Instance> = {}): Instance {
	return {
		id,
		app: "add",
		namespace: "test",
		addresses: [`allium://127.0.0.1:1/${id}`],
		services: [{ name: "add", version: "1.0.0", hash: "h" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "2026-01-01T00:00:00.000Z",
		...change,
	};
}

function watching(source: AsyncIterable<RegistryEvent>): AsyncIterator<RegistryEvent> {
	return source[Symbol.asyncIterator]();
}

describe("memoryRegistry", () => {
	beforeEach(() => {
		vi.useFakeTimers();
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	test("registries that share their instances see each other; others do not", async () => {
		const instances = new MemoryInstances();
		const [left, right, other] = [
			memoryRegistry({ instances }),
			memoryRegistry({ instances }),
			memoryRegistry(),
		];
		await left.register(instance("a"), background);
		expect(await right.list()).toEqual([instance("a")]);
		expect(await other.list()).toEqual([]);
	});

	test("an instance is gone exactly when its lease runs out", async () => {
		const registry = memoryRegistry({ ttlMs: 1_000 });
		await registry.register(instance("a"), background);
		await vi.advanceTimersByTimeAsync(999);
		expect(await registry.list()).toHaveLength(1);
		await vi.advanceTimersByTimeAsync(1);
		expect(await registry.list()).toEqual([]);
	});

	test("a shorter lease that comes later ends first", async () => {
		const instances = new MemoryInstances();
		const events = watching(memoryRegistry({ instances }).watch({}, background));
		await events.next();
		await memoryRegistry({ instances, ttlMs: 10_000 }).register(instance("long"), background);
		await memoryRegistry({ instances, ttlMs: 100 }).register(instance("short"), background);
		await events.next();
		await events.next();
		const down = events.next();
		await vi.advanceTimersByTimeAsync(101);
		expect(await down).toEqual({ done: false, value: { type: "down", instance: instance("short") } });
	});

	test("changing an object that was registered changes nothing in the registry", async () => {
		const registry = memoryRegistry();
		const labels: Record<string, string> = { tier: "gold" };
		await registry.register(instance("a", { labels }), background);
		labels.tier = "lead";
		expect(await registry.list()).toEqual([instance("a", { labels: { tier: "gold" } })]);
	});

	test("leases and watches that ended leave no timer behind", async () => {
		const registry = memoryRegistry();
		const events = watching(registry.watch({}, background));
		await events.next();
		await registry.register(instance("a"), background);
		expect(vi.getTimerCount()).toBe(1);
		await registry.close();
		expect(vi.getTimerCount()).toBe(0);
	});

	test("a record that is not an instance is refused", async () => {
		const registry = memoryRegistry();
		const wrong = instance("a", { weight: Number.NaN });
		await expect(registry.register(wrong, background)).rejects.toMatchObject({ code: "invalid_argument" });
		const huge = instance("a", { labels: { note: "x".repeat(300_000) } });
		await expect(registry.register(huge, background)).rejects.toThrow("shorten its labels");
	});
});

describe("a watcher that falls behind", () => {
	test("is told the newest state of an instance, once", async () => {
		const registry = memoryRegistry();
		const lease = await registry.register(instance("a"), background);
		const events = watching(registry.watch({}, background));
		await events.next();
		for (let weight = 2; weight <= 9; weight += 1) await lease.update(instance("a", { weight }));
		await registry.register(instance("b"), background);
		expect((await events.next()).value).toEqual({ type: "up", instance: instance("a", { weight: 9 }) });
		expect((await events.next()).value).toEqual({ type: "up", instance: instance("b") });
	});

	test("is not told of instances that came and went meanwhile", async () => {
		const registry = memoryRegistry();
		const events = watching(registry.watch({}, background));
		await events.next();
		await (await registry.register(instance("brief"), background)).release();
		await registry.register(instance("b"), background);
		expect((await events.next()).value).toEqual({ type: "up", instance: instance("b") });
	});

	test("gets a fresh snapshot instead of an endless queue", async () => {
		const registry = memoryRegistry();
		const events = watching(registry.watch({}, background));
		await events.next();
		for (let index = 0; index < 1_100; index += 1) {
			await registry.register(instance(String(index)), background);
		}
		const { value } = await events.next();
		expect(value).toMatchObject({ type: "snapshot" });
		expect(value.instances).toHaveLength(1_100);
	});

	test("is told that an instance went down when it no longer offers what was asked for", async () => {
		const registry = memoryRegistry();
		const lease = await registry.register(instance("a"), background);
		const events = watching(registry.watch({ service: "add" }, background));
		await events.next();
		await lease.update(instance("a", { services: [] }));
		expect((await events.next()).value).toEqual({ type: "down", instance: instance("a"), released: true });
	});
});

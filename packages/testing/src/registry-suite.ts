import {
	Context,
	contract,
	createClient,
	Endpoints,
	type Instance,
	isServiceError,
	method,
	type Registry,
	roundRobin,
} from "@allium/core";
import { memoryTransport } from "@allium/core/frames";
import type { RegistryFilter } from "@allium/core/registry";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RegistryHandles } from "./registry-handles.ts";
import { patienceMs, visibleWithinMs, Watcher } from "./registry-watcher.ts";
import { RunningTime } from "./running-time.ts";

export { type ReadOnlyRegistrySetup, readOnlyRegistrySuite } from "./read-only-registry-suite.ts";

/** The backend that one test runs against. */
export interface RegistrySetup {
	/**
	 * Opens another handle on the same backend, as another process would. Its leases last `ttlMs`. The suite closes
	 * it.
	 */
	open(options: { readonly ttlMs: number }): Promise<Registry>;
	/** The shortest time to live that the backend supports, such as 300 ms. Some tests wait for it to pass. */
	readonly ttlMs: number;
	/** Removes the backend. */
	close(): Promise<void>;
}

/** The contract that the instances of this suite serve. */
const Cart = contract("cart", { ping: method({ effect: "read" }) });

/** The time to live in tests that do not wait for it to pass. */
const longTtlMs = 60_000;
const background = Context.background();

/**
 * The conformance suite of the port `Registry`. It declares Vitest tests that hold for every backend.
 *
 * @param setup Makes an empty backend; called before every test.
 *
 * @example
 * registrySuite("memory", async () => {
 * 	const instances = new MemoryInstances();
 * 	return { ttlMs: 300, open: async ({ ttlMs }) => memoryRegistry({ instances, ttlMs }), close: async () => {} };
 * });
 */
export function registrySuite(name: string, setup: () => Promise<RegistrySetup>): void {
	describe(`registry: ${name}`, () => {
		const lab = new RegistryLab();
		beforeEach(async () => lab.begin(await setup()));
		afterEach(() => lab.end());
		registrationTests(lab);
		leaseTests(lab);
		expiryTests(lab);
		watchTests(lab);
		watchEndTests(lab);
		manyTests(lab);
	});
}

class RegistryLab extends RegistryHandles<RegistrySetup> {
	get ttlMs(): number {
		return this.setup?.ttlMs ?? 0;
	}

	open(ttlMs: number = longTtlMs): Promise<Registry> {
		return this.opened((setup) => setup.open({ ttlMs }));
	}
}

function instance(id: string, change: Partial<Instance> = {}): Instance {
	return {
		id,
		app: "shop",
		namespace: "one",
		addresses: [`allium://127.0.0.1:4000/${id}`],
		services: [{ name: "cart", version: "1.0.0", hash: "c0ffee" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "2026-01-01T00:00:00.000Z",
		...change,
	};
}

/**
 * Does something with each of many items, a few hundred at once. The pauses let the timers of the process run: a
 * backend that blocks the process would otherwise take the silence for an outage.
 */
async function inBatches<Item, Result>(
	items: readonly Item[],
	run: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
	const results: Result[] = [];
	for (let from = 0; from < items.length; from += 250) {
		const batch = items.slice(from, from + 250).map((item, n) => run(item, from + n));
		results.push(...(await Promise.all(batch)));
		await new Promise((resolve) => setTimeout(resolve, 0));
	}
	return results;
}

async function ids(registry: Registry, filter?: RegistryFilter): Promise<string[]> {
	return (await registry.list(filter)).map(({ id }) => id).sort();
}

function registrationTests(lab: RegistryLab): void {
	test("a registered instance is listed as it was given", async () => {
		const registry = await lab.open();
		const whole = instance("a", {
			addresses: ["allium://10.0.0.1:1", "http://10.0.0.1:1"],
			services: [
				{ name: "cart", version: "1.2.3", hash: "1" },
				{ name: "cart.v2", version: "2.0.0", hash: "2" },
			],
			zone: "eu-1a",
			labels: { tier: "gold" },
			weight: 0.5,
			status: "draining",
		});
		await registry.register(whole, background);
		expect(await registry.list()).toEqual([whole]);
	});

	test("an empty registry lists nothing", async () => {
		expect(await (await lab.open()).list()).toEqual([]);
	});

	test("a clock, where there is one, is that of the server, which here is that of this machine", async (context) => {
		const registry = await lab.open();
		if (registry.clock === undefined) return context.skip("this registry tells no time");
		await registry.register(instance("a"), background);
		const before = Date.now();
		const told = await registry.clock(background);
		const { now, resolutionMs } = told ?? expect.unreachable();
		expect(now).toBeGreaterThan(before - resolutionMs - 1_000);
		expect(now).toBeLessThan(Date.now() + 1_000);
	});

	test("lists by service", async () => {
		const registry = await lab.open();
		const services = [{ name: "stock", version: "1.0.0", hash: "5" }];
		await registry.register(instance("a"), background);
		await registry.register(instance("b", { services }), background);
		expect(await ids(registry, { service: "cart" })).toEqual(["a"]);
		expect(await ids(registry, { service: "stock" })).toEqual(["b"]);
		expect(await ids(registry, { service: "car" })).toEqual([]);
		expect(await ids(registry)).toEqual(["a", "b"]);
	});

	test("namespaces do not see each other, even with the same id", async () => {
		const registry = await lab.open();
		const lease = await registry.register(instance("a"), background);
		await registry.register(instance("a", { namespace: "two", app: "other" }), background);
		expect(await registry.list({ namespace: "one" })).toEqual([instance("a")]);
		expect(await registry.list({ namespace: "two" })).toMatchObject([{ app: "other" }]);
		expect(await registry.list({ namespace: "three" })).toEqual([]);
		await lease.release();
		expect(await ids(registry)).toEqual(["a"]);
	});

	test("unusual characters come back as they were", async () => {
		const registry = await lab.open();
		const labels = {
			"": "empty",
			"a.b/c d*>": "'; DROP TABLE instances; --",
			"naïve 🧅": '"\\\n\t\u0000\u2028',
			["__proto__"]: "own",
		};
		await registry.register(instance("a", { labels }), background);
		const [listed] = await registry.list();
		expect(Object.entries(listed?.labels ?? {}).sort()).toEqual(Object.entries(labels).sort());
	});

	test("a context that has ended registers nothing", async () => {
		const registry = await lab.open();
		const { ctx, cancel } = background.withCancel();
		cancel();
		await expect(registry.register(instance("a"), ctx)).rejects.toMatchObject({ code: "canceled" });
		expect(await registry.list()).toEqual([]);
	});

	test("a closed registry refuses instead of hanging", async () => {
		const registry = await lab.open();
		await registry.close();
		await registry.close();
		await expect(registry.list()).rejects.toSatisfy(isServiceError);
		await expect(registry.register(instance("a"), background)).rejects.toSatisfy(isServiceError);
	});
}

function leaseTests(lab: RegistryLab): void {
	test("an update changes the record, for other handles too", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		const lease = await left.register(instance("a"), background);
		const watcher = await lab.watch(right);
		const changed = instance("a", { status: "draining", labels: { tier: "gold" }, weight: 2 });
		await lease.update(changed);
		await watcher.tells(["snapshot a", "up a"]);
		expect(watcher.events[1]).toEqual({ type: "up", instance: changed });
		expect(await right.list()).toEqual([changed]);
	});

	test("a released instance is gone", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		const lease = await left.register(instance("a"), background);
		const watcher = await lab.watch(right);
		await lease.release();
		expect(await left.list()).toEqual([]);
		await watcher.tells(["snapshot a", "down a"]);
		expect(await right.list()).toEqual([]);
	});

	test("a watch that says that an instance was released is right", async () => {
		const [left, right] = [await lab.open(lab.ttlMs), await lab.open(lab.ttlMs)];
		const lease = await left.register(instance("released"), background);
		await left.register(instance("silent"), background);
		const watcher = await lab.watch(right);
		await lease.release();
		await watcher.tells(
			["snapshot released silent", "down released", "down silent"],
			lab.ttlMs + 4 * visibleWithinMs,
		);
		const [, released, silent] = watcher.events;
		// A backend may be unable to tell, but it must not take silence for a release.
		expect([true, undefined]).toContain(released?.type === "down" && released.released);
		expect(silent).toEqual({ type: "down", instance: instance("silent") });
	});

	test("releasing twice is the same as once", async () => {
		const registry = await lab.open();
		const lease = await registry.register(instance("a"), background);
		await registry.register(instance("b"), background);
		await Promise.all([lease.release(), lease.release()]);
		await lease.release();
		expect(await ids(registry)).toEqual(["b"]);
	});

	test("a late update does not bring a released instance back", async () => {
		const registry = await lab.open();
		const lease = await registry.register(instance("a"), background);
		await lease.release();
		await expect(lease.update(instance("a"))).rejects.toMatchObject({ code: "failed_precondition" });
		expect(await registry.list()).toEqual([]);
	});

	test("closing a registry leaves its leases to run out", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		await left.register(instance("a"), background);
		await left.close();
		expect(await ids(right)).toEqual(["a"]);
	});

	test("a lease says its time to live", async () => {
		const registry = await lab.open(lab.ttlMs);
		const lease = await registry.register(instance("a"), background);
		expect(lease.ttlMs).toBe(lab.ttlMs);
		expect(lease.lost.aborted).toBe(false);
	});
}

function expiryTests(lab: RegistryLab): void {
	test("an instance that is not renewed is gone after its time to live", async () => {
		const [left, right] = [await lab.open(lab.ttlMs), await lab.open(lab.ttlMs)];
		const watcher = await lab.watch(right);
		const before = performance.now();
		using time = new RunningTime();
		await left.register(instance("a"), background);
		await watcher.tells(["snapshot", "up a"]);
		await watcher.tells(["snapshot", "up a", "down a"], lab.ttlMs + 4 * visibleWithinMs);
		expect(performance.now() - before).toBeGreaterThanOrEqual(lab.ttlMs * 0.9);
		expect(time.milliseconds).toBeLessThan(lab.ttlMs + 2 * visibleWithinMs);
		expect(await right.list()).toEqual([]);
		expect(await left.list()).toEqual([]);
	});

	test("an instance that is renewed stays, and watchers hear nothing of it", async () => {
		const [left, right] = [await lab.open(lab.ttlMs), await lab.open(lab.ttlMs)];
		const lease = await left.register(instance("a"), background);
		await left.register(instance("silent"), background);
		const watcher = await lab.watch(right);
		await vi.waitFor(
			async () => {
				await lease.update(instance("a"));
				expect(watcher.told).toEqual(["snapshot a silent", "down silent"]);
			},
			{ timeout: patienceMs, interval: lab.ttlMs / 6 },
		);
		expect(await ids(right)).toEqual(["a"]);
	});

	test("a wall clock that is set forwards or back takes nobody away", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		await left.register(instance("a"), background);
		const watcher = await lab.watch(right);
		vi.useFakeTimers({ toFake: ["Date"] });
		try {
			for (const jumpMs of [3_600_000, -7_200_000]) {
				vi.setSystemTime(Date.now() + jumpMs);
				expect(await ids(right)).toEqual(["a"]);
				expect(await ids(await lab.open())).toEqual(["a"]);
			}
			await left.register(instance("b"), background);
			await watcher.tells(["snapshot a", "up b"]);
		} finally {
			vi.useRealTimers();
		}
	});

	test("instances whose leases run out all at once, as after an outage, are not lost to a client", async () => {
		const transport = memoryTransport();
		const answered = new Set<string>();
		const names = ["a", "b", "c"];
		const addresses = await Promise.all(
			names.map(async (name) => {
				const endpoints = new Endpoints();
				endpoints.serve(Cart, {
					async ping() {
						answered.add(name);
						return {};
					},
				});
				return (await transport.listen(endpoints)).addresses;
			}),
		);
		const [left, right] = [await lab.open(lab.ttlMs), await lab.open(lab.ttlMs)];
		await using cart = createClient(Cart, {
			registry: right,
			transports: [transport],
			balancer: roundRobin(),
		});
		for (const [index, each] of addresses.entries()) {
			await left.register(instance(`i${index}`, { addresses: each }), background);
		}
		const watcher = await lab.watch(right);
		await vi.waitFor(
			async () => {
				await cart.ping({});
				expect(watcher.up).toEqual([]);
			},
			{ timeout: patienceMs, interval: 10 },
		);
		answered.clear();
		for (let calls = 0; calls < 60; calls++) await cart.ping({});
		expect([...answered].sort()).toEqual(names);
	});

	test("an update after the end brings the instance back", async () => {
		const [left, right] = [await lab.open(lab.ttlMs), await lab.open(lab.ttlMs)];
		const lease = await left.register(instance("a"), background);
		const watcher = await lab.watch(right);
		await watcher.tells(["snapshot a", "down a"], lab.ttlMs + 4 * visibleWithinMs);
		await lease.update(instance("a"));
		await watcher.tells(["snapshot a", "down a", "up a"]);
		expect(await ids(right)).toEqual(["a"]);
	});
}

function watchTests(lab: RegistryLab): void {
	test("a watch begins with a snapshot, empty or not", async () => {
		const registry = await lab.open();
		await (await lab.watch(registry)).tells(["snapshot"]);
		await registry.register(instance("a"), background);
		await (await lab.watch(registry)).tells(["snapshot a"]);
	});

	test("a watch tells what comes and goes after its snapshot", async () => {
		const registry = await lab.open();
		const watcher = await lab.watch(registry);
		const lease = await registry.register(instance("a"), background);
		await watcher.tells(["snapshot", "up a"]);
		await lease.release();
		await watcher.tells(["snapshot", "up a", "down a"]);
		expect(watcher.events[2]).toMatchObject({ type: "down", instance: instance("a") });
	});

	test("a watch is narrowed by namespace and service", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		const watcher = await lab.watch(right, { namespace: "one", service: "cart" });
		await left.register(instance("other-namespace", { namespace: "two" }), background);
		await left.register(instance("other-service", { services: [] }), background);
		await left.register(instance("a"), background);
		await watcher.tells(["snapshot", "up a"]);
	});

	test("an instance that no longer offers what is watched goes down", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		const lease = await left.register(instance("a"), background);
		const watcher = await lab.watch(right, { service: "cart" });
		await lease.update(instance("a", { services: [] }));
		await watcher.tells(["snapshot a", "down a"]);
	});

	test("several watchers of one handle each see everything", async () => {
		const registry = await lab.open();
		const watchers = [await lab.watch(registry), await lab.watch(registry)];
		await registry.register(instance("a"), background);
		for (const watcher of watchers) await watcher.tells(["snapshot", "up a"]);
	});

	test("a slow consumer ends up with the truth", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		const slow = right.watch({}, background)[Symbol.asyncIterator]();
		await slow.next();
		const lease = await left.register(instance("a"), background);
		for (let weight = 2; weight < 50; weight += 1) await lease.update(instance("a", { weight }));
		let seen: unknown;
		while (seen !== 49) {
			const { value } = await slow.next();
			const instances: readonly Instance[] = value.type === "snapshot" ? value.instances : [value.instance];
			seen = instances[0]?.weight;
		}
		await slow.return?.();
	});
}

function watchEndTests(lab: RegistryLab): void {
	test("a watch ends when its context does", async () => {
		const registry = await lab.open();
		const { ctx, cancel } = background.withCancel();
		const watcher = await lab.watch(registry, {}, ctx);
		cancel();
		expect(await watcher.ended).toBeUndefined();
		expect(watcher.told).toEqual(["snapshot"]);
	});

	test("a watch whose context has ended has no events", async () => {
		const registry = await lab.open();
		const { ctx, cancel } = background.withCancel();
		cancel();
		const watcher = new Watcher(registry.watch({}, ctx));
		expect(await watcher.ended).toBeUndefined();
		expect(watcher.events).toEqual([]);
	});

	test("a watch ends by a break, and the registry goes on", async () => {
		const registry = await lab.open();
		for await (const event of registry.watch({}, background)) {
			expect(event).toEqual({ type: "snapshot", instances: [] });
			break;
		}
		await registry.register(instance("a"), background);
		await (await lab.watch(registry)).tells(["snapshot a"]);
	});

	test("return() ends a watch that waits for its next event", async () => {
		const registry = await lab.open();
		const iterator = registry.watch({}, background)[Symbol.asyncIterator]();
		await iterator.next();
		const waiting = iterator.next();
		await iterator.return?.();
		expect(await waiting).toEqual({ done: true, value: undefined });
		expect(await iterator.next()).toEqual({ done: true, value: undefined });
	});

	test("close ends every watch, and those that begin later", async () => {
		const registry = await lab.open();
		const watchers = [await lab.watch(registry), await lab.watch(registry, { service: "cart" })];
		await registry.close();
		for (const { ended } of watchers) expect(await ended).toBeUndefined();
		expect(await new Watcher(registry.watch({}, background)).ended).toBeUndefined();
	});
}

function manyTests(lab: RegistryLab): void {
	test("fifty registrations at once through several handles are all there", async () => {
		const handles = await Promise.all(Array.from({ length: 5 }, () => lab.open()));
		const names = Array.from({ length: 50 }, (_, index) => `i${String(index).padStart(2, "0")}`);
		await Promise.all(
			names.map((id, index) => handles[index % handles.length]?.register(instance(id), background)),
		);
		for (const registry of handles) expect(await ids(registry)).toEqual(names);
	});

	test("one handle sees another's registration within 250 ms", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		const [ofLeft, ofRight] = [await lab.watch(left), await lab.watch(right)];
		await left.register(instance("a"), background);
		await ofRight.tells(["snapshot", "up a"]);
		await right.register(instance("b"), background);
		await ofLeft.tells(["snapshot", "up a", "up b"]);
	});

	// This takes a second or two, most of it in the backend.
	test("ten thousand instances are listed, watched, renewed and released", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		const watcher = await lab.watch(right);
		const names = Array.from({ length: 10_000 }, (_, index) => `i${String(index).padStart(5, "0")}`);
		const seen = (expected: readonly string[]): Promise<void> =>
			vi.waitFor(() => expect(watcher.up).toEqual(expected), { timeout: patienceMs, interval: 50 });
		const leases = await inBatches(names, (id) => left.register(instance(id), background));
		expect(await ids(right)).toEqual(names);
		await seen(names);
		await inBatches(leases, (lease, index) => lease.update(instance(names[index] ?? "")));
		await inBatches(leases, (lease) => lease.release());
		expect(await ids(right)).toEqual([]);
		await seen([]);
	}, 180_000);
}

import {
	Context,
	type Instance,
	memoryRegistry,
	type Registry,
	ServiceError,
	silentLogger,
} from "@allium/core";
import { MemoryInstances, type RegistryEvent, type RegistryFilter } from "@allium/core/registry";
import { cartInstance as instance } from "@allium/testing/registry-suite";
import { afterEach, expect, test } from "vitest";
import { bridgeLabel, RegistryBridge } from "./registry-bridge.ts";

const background = Context.background();
const bridges: RegistryBridge[] = [];

afterEach(async () => {
	await Promise.all(bridges.splice(0).map((bridge) => bridge.stop()));
});

function registries(): [Registry, Registry] {
	return [
		memoryRegistry({ instances: new MemoryInstances() }),
		memoryRegistry({ instances: new MemoryInstances() }),
	];
}

function bridged(from: Registry, to: Registry, graceMs = 200): RegistryBridge {
	const bridge = new RegistryBridge({ from, to, name: "old", filter: {}, logger: silentLogger, graceMs });
	bridges.push(bridge);
	bridge.start();
	return bridge;
}

async function listed(registry: Registry): Promise<Instance[]> {
	return (await registry.list()).sort((one, other) => one.id.localeCompare(other.id));
}

/** A registry whose watches report the events that a test gives, until the test makes them fail. */
class ToldRegistry implements Registry {
	#told = Promise.withResolvers<void>();
	#queue: (RegistryEvent | ServiceError)[] = [];

	tell(event: RegistryEvent | ServiceError): void {
		this.#queue.push(event);
		this.#told.resolve();
	}

	async *watch(_filter: RegistryFilter, ctx: Context): AsyncGenerator<RegistryEvent> {
		ctx.signal.addEventListener("abort", () => this.#told.resolve());
		while (ctx.error === undefined) {
			const next = this.#queue.shift();
			if (next instanceof ServiceError) throw next;
			if (next !== undefined) yield next;
			else {
				this.#told = Promise.withResolvers();
				await this.#told.promise;
			}
		}
	}

	register(): Promise<never> {
		return Promise.reject(new Error("it is only read"));
	}

	async list(): Promise<Instance[]> {
		return [];
	}

	async close(): Promise<void> {}
}

test("an instance comes, changes and goes in the other registry as in the first", async () => {
	const [from, to] = registries();
	bridged(from, to);
	const lease = await from.register(instance("a"), background);
	await expect.poll(() => listed(to)).toEqual([instance("a", { labels: { [bridgeLabel]: "old" } })]);
	await lease.update(instance("a", { weight: 2, status: "draining", labels: { tier: "gold" } }));
	await expect
		.poll(() => listed(to))
		.toEqual([
			instance("a", { weight: 2, status: "draining", labels: { tier: "gold", [bridgeLabel]: "old" } }),
		]);
	await lease.update(instance("a", { addresses: ["allium://10.0.0.1:1"] }));
	await expect.poll(() => listed(to)).toMatchObject([{ addresses: ["allium://10.0.0.1:1"] }]);
	await lease.release();
	await expect.poll(() => listed(to)).toEqual([]);
});

test("bridges in both directions make no loop, and leave what is native alone", async () => {
	const [one, two] = registries();
	await one.register(instance("a"), background);
	await two.register(instance("b"), background);
	bridged(one, two);
	bridged(two, one);
	const ids = async (): Promise<string[][]> => [
		(await listed(one)).map(({ id }) => id),
		(await listed(two)).map(({ id }) => id),
	];
	await expect.poll(ids).toEqual([
		["a", "b"],
		["a", "b"],
	]);
	for (const bridge of bridges.splice(0)) await bridge.stop();
	expect(await ids()).toEqual([["a"], ["b"]]);
});

test("copies stay while the first registry is away, and those that are missing after it go after a grace", async () => {
	const [, to] = registries();
	const from = new ToldRegistry();
	const bridge = bridged(from, to);
	from.tell({ type: "snapshot", instances: [instance("a"), instance("b")] });
	await expect.poll(async () => (await listed(to)).length).toBe(2);
	from.tell(new ServiceError({ code: "unavailable", message: "gone" }));
	await expect.poll(() => bridge.failure?.message).toBe("gone");
	expect(await listed(to)).toHaveLength(2);
	from.tell({ type: "snapshot", instances: [] });
	from.tell({ type: "up", instance: instance("a") });
	await expect.poll(() => bridge.failure).toBeUndefined();
	await expect.poll(async () => (await listed(to)).map(({ id }) => id)).toEqual(["a"]);
	from.tell({ type: "snapshot", instances: [] });
	await expect.poll(() => listed(to)).toEqual([]);
});

test("a registry that refuses is tried on, and the counts tell of it", async () => {
	const [from, to] = registries();
	let isAway = true;
	const register: Registry["register"] = async (each, ctx) => {
		if (isAway) throw new ServiceError({ code: "unavailable", message: "away" });
		return to.register(each, ctx);
	};
	const bridge = bridged(from, {
		...to,
		register,
		list: to.list.bind(to),
		watch: to.watch.bind(to),
		close: to.close.bind(to),
	});
	await from.register(instance("a"), background);
	await expect.poll(() => bridge.counts).toEqual({ copied: 1, waiting: 1 });
	isAway = false;
	await expect.poll(() => bridge.counts).toEqual({ copied: 1, waiting: 0 });
	expect(await listed(to)).toHaveLength(1);
});

test("an instance of which the first registry does not know the start is there in the other one", async () => {
	const [, to] = registries();
	const from = new ToldRegistry();
	bridged(from, to);
	from.tell({ type: "snapshot", instances: [instance("a", { startedAt: "", foreign: true })] });
	await expect.poll(() => listed(to)).toMatchObject([{ id: "a", foreign: true }]);
	expect((await listed(to))[0]?.startedAt).not.toBe("");
});

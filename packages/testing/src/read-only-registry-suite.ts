import { Context, type Instance, isServiceError, type Registry } from "@allium/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RegistryHandles } from "./registry/registry-handles.ts";
import { patienceMs, Watcher } from "./registry/registry-watcher.ts";

/** The addresses of each service, by its name. */
export type Listing = Readonly<Record<string, readonly string[]>>;

/** The backend that one test runs against. Its operator, not the processes, says where services are. */
export interface ReadOnlyRegistrySetup {
	/** Opens another handle on the same backend, as another process would. The suite closes it. */
	open(): Promise<Registry>;
	/** Changes where services are while processes watch. Undefined if the backend cannot change. */
	readonly change?: (listing: Listing) => Promise<void>;
	/** Removes the backend. */
	close(): Promise<void>;
}

const background = Context.background();
const first = "http://10.0.0.1:4000";
const second = "http://10.0.0.2:4000";
const third = "allium://10.0.0.3:4000";

/**
 * The conformance suite of registries in which processes do not register, such as `static:`. It declares Vitest tests
 * that hold for every backend. All instances are in the namespace `default`.
 *
 * @param setup Makes a backend that lists services; called before every test.
 */
export function readOnlyRegistrySuite(
	name: string,
	setup: (listing: Listing) => Promise<ReadOnlyRegistrySetup>,
): void {
	describe(`read-only registry: ${name}`, () => {
		const lab = new ReadOnlyLab();
		beforeEach(async () => lab.begin(await setup({ orders: [first, second], stock: [third] })));
		afterEach(() => lab.end());
		listTests(lab);
		watchTests(lab);
		registrationTests(lab);
		changeTests(lab);
	});
}

class ReadOnlyLab extends RegistryHandles<ReadOnlyRegistrySetup> {
	get change(): ReadOnlyRegistrySetup["change"] {
		return this.setup?.change;
	}

	open(): Promise<Registry> {
		return this.opened((setup) => setup.open());
	}
}

/** The addresses of instances, sorted. */
function addresses(instances: readonly Instance[]): string[] {
	return instances.flatMap((instance) => instance.addresses).sort();
}

function listTests(lab: ReadOnlyLab): void {
	test("lists what it was told, all of it and by service", async () => {
		const registry = await lab.open();
		expect(addresses(await registry.list())).toEqual([third, first, second]);
		expect(addresses(await registry.list({ service: "orders" }))).toEqual([first, second]);
		expect(await registry.list({ service: "order" })).toEqual([]);
	});

	test("shows its instances in one namespace alone", async () => {
		const registry = await lab.open();
		expect(await registry.list({ namespace: "default" })).toHaveLength(3);
		expect(await registry.list({ namespace: "other" })).toEqual([]);
	});

	test("gives an instance the same id in every process", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		expect(await left.list()).toEqual(await right.list());
		expect(new Set((await left.list()).map(({ id }) => id)).size).toBe(3);
	});

	test("refuses instead of hanging once it is closed", async () => {
		const registry = await lab.open();
		await registry.close();
		await registry.close();
		await expect(registry.list()).rejects.toSatisfy(isServiceError);
	});
}

function watchTests(lab: ReadOnlyLab): void {
	test("a watch begins with a snapshot, narrowed by namespace and service", async () => {
		const registry = await lab.open();
		const watcher = await lab.watch(registry, { namespace: "default", service: "stock" });
		const [event] = watcher.events;
		expect(event?.type === "snapshot" && addresses(event.instances)).toEqual([third]);
		const other = await lab.watch(registry, { namespace: "other" });
		expect(other.told).toEqual(["snapshot"]);
	});

	test("a watch ends with its context", async () => {
		const registry = await lab.open();
		const { ctx, cancel } = background.withCancel();
		const watcher = await lab.watch(registry, {}, ctx);
		cancel();
		expect(await watcher.ended).toBeUndefined();
	});

	test("a watch ends by a break, and the registry goes on", async () => {
		const registry = await lab.open();
		for await (const event of registry.watch({}, background)) {
			expect(event.type).toBe("snapshot");
			break;
		}
		expect((await lab.watch(registry)).up).toHaveLength(3);
	});

	test("close ends every watch, and those that begin later", async () => {
		const registry = await lab.open();
		const watchers = [await lab.watch(registry), await lab.watch(registry, { service: "stock" })];
		await registry.close();
		for (const { ended } of watchers) expect(await ended).toBeUndefined();
		expect(await new Watcher(registry.watch({}, background)).ended).toBeUndefined();
	});
}

function registrationTests(lab: ReadOnlyLab): void {
	test("a registration changes nothing for anybody, and can be renewed and released", async () => {
		const [left, right] = [await lab.open(), await lab.open()];
		const before = await right.list();
		const [instance] = before;
		if (instance === undefined) throw new Error("the backend lists nothing");
		const other = { ...instance, id: "another", addresses: ["http://10.0.0.9:4000"] };
		const lease = await left.register(other, background);
		expect(lease.lost.aborted).toBe(false);
		await lease.update({ ...other, status: "draining" });
		expect(await left.list()).toEqual(before);
		await lease.release();
		await lease.release();
		expect(await right.list()).toEqual(before);
	});
}

function changeTests(lab: ReadOnlyLab): void {
	test("a watch tells what is added and what is taken away, and leaves the others alone", async (context) => {
		if (lab.change === undefined) return context.skip("its instances cannot change");
		const registry = await lab.open();
		const watcher = await lab.watch(registry, { service: "orders" });
		const [before] = watcher.events;
		await lab.change({ orders: [first, "http://10.0.0.4:4000"], stock: [third] });
		await vi.waitFor(() => expect(watcher.events).toHaveLength(3), { timeout: patienceMs, interval: 5 });
		const told = watcher.events.slice(1).map((event) => {
			if (event.type === "snapshot") return "snapshot";
			const released = event.type === "down" ? ` released ${event.released}` : "";
			return `${event.type} ${event.instance.addresses}${released}`;
		});
		expect(told.sort()).toEqual([`down ${second} released true`, "up http://10.0.0.4:4000"]);
		expect(before?.type).toBe("snapshot");
	});

	test("a listing is of what is there now, whether or not somebody watches", async (context) => {
		if (lab.change === undefined) return context.skip("its instances cannot change");
		const registry = await lab.open();
		await lab.change({ orders: [second] });
		expect(addresses(await registry.list())).toEqual([second]);
	});
}

import { Context, memoryRegistry, type Registry } from "@allium/core";
import { type Lease, MemoryInstances, type RegistryEvent } from "@allium/core/registry";
import { describe, expect, test } from "vitest";
import { type Flaw, registry } from "./registry/fixtures/remote-registry.ts";
import { RemoteServer } from "./registry/fixtures/remote-server.ts";
import { RegistryLab } from "./registry/registry-lab.ts";
import type { RegistrySetup } from "./registry/registry-setup.ts";
import { registryCases, registrySuite } from "./registry-suite.ts";

const ttlMs = 300;

function memory(change: (registry: Registry) => Registry = (whole) => whole): RegistrySetup {
	const instances = new MemoryInstances();
	return {
		ttlMs,
		open: async ({ ttlMs }) => change(memoryRegistry({ instances, ttlMs })),
		close: async () => {},
	};
}

async function remote(flaw?: Flaw): Promise<RegistrySetup> {
	const server = await RemoteServer.start();
	const url = flaw === undefined ? server.url : `${server.url}?flaw=${encodeURIComponent(flaw)}`;
	return {
		ttlMs,
		pushes: true,
		target: server.url,
		open: async ({ ttlMs, target = server.url }) => registry(target, { ttlMs, flaw }),
		outage: server,
		program: { module: new URL("registry/fixtures/remote-registry.ts", import.meta.url).href, url },
		handles: () => server.connections,
		close: () => server.kill(),
	};
}

registrySuite("memory", async () => memory());
registrySuite("remote", () => remote());

/** Runs one case of the suite. Returns what it threw. */
async function verdict(title: string, setup: RegistrySetup): Promise<unknown> {
	const found = registryCases.find((each) => each.title === title);
	if (found === undefined) throw new Error(`the suite has no case "${title}"`);
	const lab = new RegistryLab(4_000);
	lab.begin(setup);
	try {
		await found.run(lab, (reason) => {
			throw new Error(`it does not apply: ${reason}`);
		});
		return undefined;
	} catch (error) {
		return error;
	} finally {
		await lab.end();
	}
}

describe("the suite finds out a registry that", () => {
	test.each<[flaw: Flaw, title: string]>([
		["keeps the dead", "an instance that is not renewed is gone after its time to live"],
		["keeps the dead", "a process that is killed is gone after its time to live"],
		["trusts late timers", "a watcher that was suspended itself takes nobody for dead"],
		["compares clocks", "clocks that are an hour off keep nobody alive and take nobody away"],
		["gives up", "a watch whose connection is cut goes on, and misses nothing (reset)"],
		["never pings", "a connection that falls silent for good is given up"],
		[
			"expects renewals always",
			"a watcher that is cut off for longer than the time to live loses nobody, and then sees what is up",
		],
		[
			"believes snapshots",
			"a server that is killed under load and restarted costs no watcher an instance that is up",
		],
		[
			"expects renewals always",
			"an instance that died during the outage of the server goes one time to live after it",
		],
		["never pings", "a server that hangs for 1.25 times to live takes away only instances that died in it"],
		[
			"expects renewals always",
			"a server that hangs for 2.5 times to live takes away only instances that died in it",
		],
		["dawdles", "a change is seen by another handle as soon as the server tells of it"],
		["leaks", "nothing is left open after close"],
	])("%s: %s", async (flaw, title) => {
		expect(await verdict(title, await remote(flaw))).toBeInstanceOf(Error);
	});

	test.each<[what: string, title: string, change: (registry: Registry) => Registry]>([
		[
			"ignores renewals",
			"an instance that is renewed stays, and watchers hear nothing of it",
			(whole) => withLease(whole, () => ({ update: async () => {} })),
		],
		[
			"renews a lease that was released",
			"a late update does not bring a released instance back",
			(whole) =>
				withLease(whole, ({ update }) => ({
					update: (instance) =>
						update(instance).catch(async () => {
							await whole.register(instance, Context.background());
						}),
				})),
		],
		[
			"takes silence for a release",
			"a watch that says that an instance was released is right",
			(whole) => withEvents(whole, (event) => (event.type === "down" ? { ...event, released: true } : event)),
		],
		[
			"mixes namespaces up",
			"a watch is narrowed by namespace and service",
			(whole) => ({
				...methodsOf(whole),
				watch: ({ service }, ctx) => whole.watch(service === undefined ? {} : { service }, ctx),
			}),
		],
		[
			"answers after it was closed",
			"a closed registry refuses instead of hanging",
			(whole) => ({ ...methodsOf(whole), close: async () => {} }),
		],
	])("%s", async (_, title, change) => {
		expect(await verdict(title, memory(change))).toBeInstanceOf(Error);
	});
});

/** The methods of a registry as a plain object, some of which a test replaces. */
function methodsOf(whole: Registry): Registry {
	return {
		register: (instance, ctx) => whole.register(instance, ctx),
		list: (filter, ctx) => whole.list(filter, ctx),
		watch: (filter, ctx) => whole.watch(filter, ctx),
		close: () => whole.close(),
	};
}

function withLease(whole: Registry, change: (lease: Lease) => Partial<Lease>): Registry {
	return {
		...methodsOf(whole),
		async register(instance, ctx) {
			const lease = await whole.register(instance, ctx);
			const plain: Lease = {
				ttlMs: lease.ttlMs,
				lost: lease.lost,
				update: (changed) => lease.update(changed),
				release: () => lease.release(),
			};
			return { ...plain, ...change(plain) };
		},
	};
}

function withEvents(whole: Registry, change: (event: RegistryEvent) => RegistryEvent): Registry {
	return {
		...methodsOf(whole),
		async *watch(filter, ctx) {
			for await (const event of whole.watch(filter, ctx)) yield change(event);
		},
	};
}

import { Context, type Instance, type Registry, silentLogger } from "@allium/core";
import { keepRegistered, type Registration, type RegistryEvent } from "@allium/core/registry";
import {
	describeServer,
	freePorts,
	natsServer,
	type ServerProcess,
	startServer,
} from "@allium/testing/servers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { registry } from "./index.ts";

const background = Context.background();
/** A cluster takes four to nine seconds to elect a leader, and longer on a busy machine: until then no heartbeat is kept. */
const ttlMs = 30_000;
/** How long a listing may take, in milliseconds. */
const listMs = 2_000;

function instance(id: string): Instance {
	return {
		id,
		app: "shop",
		namespace: "default",
		addresses: [],
		services: [{ name: "cart", version: "1.0.0", hash: "h" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "2026-01-01T00:00:00.000Z",
	};
}

/** The instances that an event brings, and those that it takes away from the known ones. */
function changeOf(
	event: RegistryEvent,
	known: ReadonlySet<string>,
): Record<"up" | "gone", readonly string[]> {
	if (event.type === "up") return { up: [event.instance.id], gone: [] };
	if (event.type === "down") return { up: [], gone: [event.instance.id] };
	const up = event.instances.map(({ id }) => id);
	return { up, gone: [...known].filter((id) => !up.includes(id)) };
}

describeServer("nats-2.10", (file) => {
	let servers: ServerProcess[];
	let opened: Registry[];
	let registrations: Registration[];
	/** The instances that watches took away, in all attempts. */
	const lost: string[] = [];

	beforeEach(async () => {
		opened = [];
		registrations = [];
		// For the routes between the servers. The ports of a server's own place are for its clients.
		const ports = await freePorts(3);
		servers = [];
		// One after the other: three that started in the same moment were seen not to find together for minutes.
		for (const [n, port] of ports.entries()) {
			const routes = ports.map((other) => `nats://127.0.0.1:${other}`).join(",");
			const own = `nats://127.0.0.1:${port}`;
			const names = ["--server_name", `n${n}`, "--cluster_name", "shop"];
			const args = [...names, "--cluster", own, "--routes", routes];
			servers.push(await startServer(natsServer({ file, args })));
		}
	});
	afterEach(async () => {
		await Promise.all(registrations.map((registration) => registration.release()));
		await Promise.all(opened.map((open) => open.close()));
		await Promise.all(servers.map((server) => server.close()));
	});

	async function open(): Promise<Registry> {
		const places = servers.map(({ port }) => `127.0.0.1:${port}`);
		const made = await registry(`nats://${places.join(",")}?replicas=3`, { ttlMs });
		opened.push(made);
		return made;
	}

	async function keep(id: string): Promise<void> {
		const registering = await open();
		// Just after its start, the cluster has no leader for a while.
		const kept = await vi.waitFor(() => keepRegistered(registering, instance(id), { logger: silentLogger }));
		registrations.push(kept);
	}

	// Servers that restart now and then elect no leader for minutes, whatever their clients do. An instance that was lost
	// in one attempt fails all.
	test("a cluster that loses one server after the other, and then all, takes nobody away", {
		timeout: 600_000,
		retry: 3,
	}, async () => {
		await keep("a");
		await keep("b");
		const watching = await open();
		const known = new Set<string>();
		void (async () => {
			for await (const event of watching.watch({ namespace: "default", service: "cart" }, background)) {
				const { up, gone } = changeOf(event, known);
				for (const id of up) known.add(id);
				lost.push(...gone);
			}
		})();
		const listed = () =>
			vi.waitFor(async () => {
				const instances = await watching.list({}, background.withTimeout(listMs));
				expect(instances.map(({ id }) => id).sort()).toEqual(["a", "b"]);
			});
		// The server that answers may be behind its leader, so the first snapshot need not have both.
		await vi.waitFor(() => expect([...known].sort()).toEqual(["a", "b"]));
		for (const killed of [...servers.map((server) => [server]), servers]) {
			await Promise.all(killed.map((server) => server.kill()));
			if (killed.length === 1) await listed();
			// One after the other, as at the beginning.
			for (const server of killed) await server.restart();
			await listed();
		}
		expect(lost).toEqual([]);
	});
});

import { Context, type Instance, type Registry, silentLogger } from "@allium/core";
import { keepRegistered, type Registration } from "@allium/core/registry";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
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

describeServer("nats-2.10", (file) => {
	let servers: ServerProcess[];
	let opened: Registry[];
	let registrations: Registration[];

	beforeEach(async () => {
		opened = [];
		registrations = [];
		const ports = await freePorts();
		servers = await Promise.all(
			ports.map((port, n) => {
				const routes = ports.map((other) => `nats://127.0.0.1:${other}`).join(",");
				const own = `nats://127.0.0.1:${port}`;
				const names = ["--server_name", `n${n}`, "--cluster_name", "shop"];
				return startServer(natsServer({ file, args: [...names, "--cluster", own, "--routes", routes] }));
			}),
		);
	});
	afterEach(async () => {
		await Promise.all(registrations.map((registration) => registration.release()));
		await Promise.all(opened.map((open) => open.close()));
		await Promise.all(servers.map((server) => server.close()));
	});

	/** Ports for the routes between the servers. Those of a server's own place are for its clients. */
	async function freePorts(): Promise<readonly number[]> {
		const places = await Promise.all([1, 2, 3].map(() => startServer(natsServer({ file }))));
		const ports = places.map(({ port }) => port);
		await Promise.all(places.map((place) => place.close()));
		return ports;
	}

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

	test("a cluster that loses one server after the other, and then all, takes nobody away", async () => {
		await keep("a");
		await keep("b");
		const watching = await open();
		const told: string[] = [];
		void (async () => {
			for await (const event of watching.watch({ namespace: "default", service: "cart" }, background)) {
				const ids = event.type === "snapshot" ? event.instances.map(({ id }) => id) : [event.instance.id];
				told.push([event.type, ...ids.sort()].join(" "));
			}
		})();
		const listed = () =>
			vi.waitFor(async () => {
				const instances = await watching.list({}, background.withTimeout(listMs));
				expect(instances.map(({ id }) => id).sort()).toEqual(["a", "b"]);
			});
		await vi.waitFor(() => expect(told).toEqual(["snapshot a b"]));
		for (const killed of [...servers.map((server) => [server]), servers]) {
			await Promise.all(killed.map((server) => server.kill()));
			if (killed.length === 1) await listed();
			await Promise.all(killed.map((server) => server.restart()));
			await listed();
		}
		expect(told).toEqual(["snapshot a b"]);
	});
});

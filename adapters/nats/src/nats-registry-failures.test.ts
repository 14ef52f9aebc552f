import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Context, type Instance, isServiceError, type Registry, silentLogger } from "@allium/core";
import { keepRegistered, type Registration, type RegistryEvent } from "@allium/core/registry";
import { faultProxy } from "@allium/testing/faults";
import {
	describeServer,
	natsServer,
	type ServerOptions,
	type ServerProcess,
	startServer,
} from "@allium/testing/servers";
import { jetstreamManager } from "@nats-io/jetstream";
import { type NatsConnection as Client, connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type NatsRegistryOptions, registry } from "./index.ts";
import { settlingMs } from "./overdue-instances.ts";

const background = Context.background();
const ttlMs = 1_000;
/** The time to live of instances that nobody renews, and that stay for the whole test, in milliseconds. */
const keptMs = 600_000;
const patient = { timeout: 15_000, interval: 10 };

function instance(id: string, change: Partial<Instance> = {}): Instance {
	return {
		id,
		app: "shop",
		namespace: "default",
		addresses: [`allium://127.0.0.1:1/${id}`],
		services: [{ name: "cart", version: "1.0.0", hash: "h" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "2026-01-01T00:00:00.000Z",
		...change,
	};
}

async function ids(open: Registry): Promise<string[]> {
	return (await open.list()).map(({ id }) => id).sort();
}

async function failure(operation: Promise<unknown>): Promise<string> {
	const error = await operation.then(
		() => expect.unreachable("it succeeded"),
		(reason: unknown) => reason,
	);
	return isServiceError(error) ? `${error.code}: ${error.message}` : String(error);
}

/** A server with a configuration of its own. */
function configured(file: string, config: string): ServerOptions {
	const plain = natsServer({ file });
	return {
		...plain,
		args: ({ ports: [port], folder }) => {
			const path = join(folder, "nats.conf");
			writeFileSync(path, config);
			return ["-a", "127.0.0.1", "-p", String(port), "-c", path];
		},
	};
}

for (const version of ["nats-2.9", "nats-2.10", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let opened: Registry[];
		let clients: Client[];
		let registrations: Registration[];

		beforeEach(async () => {
			server = await startServer(natsServer({ file }));
			opened = [];
			clients = [];
			registrations = [];
		});
		afterEach(async () => {
			await Promise.all(registrations.map((registration) => registration.release()));
			await Promise.all(opened.map((open) => open.close()));
			await Promise.all(clients.map((client) => client.close()));
			await server.close();
		});

		function url(of: ServerProcess = server): string {
			return `nats://127.0.0.1:${of.port}`;
		}

		async function open(options: NatsRegistryOptions = {}, of: ServerProcess = server): Promise<Registry> {
			const made = await registry(url(of), { ttlMs, ...options });
			opened.push(made);
			return made;
		}

		async function raw(): Promise<Client> {
			const client = await connect({ servers: `127.0.0.1:${server.port}` });
			clients.push(client);
			return client;
		}

		async function keep(open: Registry, id: string, change?: Partial<Instance>): Promise<Registration> {
			const kept = await keepRegistered(open, instance(id, change), { logger: silentLogger });
			registrations.push(kept);
			return kept;
		}

		/** Records the events of a watcher: `snapshot a b`, `up c`, `down a`, `released b`. */
		function told(open: Registry, service = "cart"): string[] {
			const lines: string[] = [];
			const consume = async (): Promise<void> => {
				for await (const event of open.watch({ namespace: "default", service }, background)) {
					lines.push(line(event));
				}
			};
			void consume().catch((error: unknown) => lines.push(`threw ${String(error)}`));
			return lines;
		}

		function line(event: RegistryEvent): string {
			if (event.type === "snapshot") {
				return ["snapshot", ...event.instances.map(({ id }) => id).sort()].join(" ");
			}
			const isReleased = event.type === "down" && event.released === true;
			return `${isReleased ? "released" : event.type} ${event.instance.id}`;
		}

		test("a server that is killed under load and started again takes nobody away", async () => {
			const registering = await open();
			const names = Array.from({ length: 20 }, (_, n) => `i${n + 10}`);
			for (const name of names) await keep(registering, name);
			const lines = told(await open());
			await vi.waitFor(() => expect(lines).toEqual([`snapshot ${names.join(" ")}`]), patient);
			for (let kills = 0; kills < 3; kills++) {
				await server.kill();
				await server.restart();
				await vi.waitFor(async () => expect(await ids(await open())).toEqual(names), patient);
			}
			await keep(registering, "j1");
			await vi.waitFor(() => expect(lines).toEqual([`snapshot ${names.join(" ")}`, "up j1"]), patient);
		});

		test("an outage longer than the time to live takes nobody away, and who died in it is gone after", async () => {
			await keep(await open(), "a");
			const dying = await open();
			const doomed = await dying.register(instance("b"), background);
			expect(doomed.ttlMs).toBe(ttlMs);
			const watching = await open();
			const lines = told(watching);
			await vi.waitFor(() => expect(lines).toEqual(["snapshot a b"]), patient);
			await server.kill();
			const over = performance.now() + 1.5 * ttlMs;
			await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(over), patient);
			expect(lines).toEqual(["snapshot a b"]);
			await server.restart();
			await vi.waitFor(() => expect(lines).toEqual(["snapshot a b", "down b"]), patient);
			expect(await ids(watching)).toEqual(["a"]);
		});

		test("a server that hangs longer than the time to live takes nobody away", async () => {
			await keep(await open(), "a");
			const lines = told(await open());
			await vi.waitFor(() => expect(lines).toEqual(["snapshot a"]), patient);
			server.suspend();
			const over = performance.now() + 2 * ttlMs;
			await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(over), patient);
			server.resume();
			const watching = await open();
			await vi.waitFor(async () => expect(await ids(watching)).toEqual(["a"]), patient);
			expect(lines).toEqual(["snapshot a"]);
		});

		test("an answer that comes late gives an instance one more time to live", async () => {
			await using proxy = await faultProxy({ target: url() });
			const lease = await (await open()).register(instance("a"), background);
			const watching = await registry(proxy.url, { ttlMs });
			opened.push(watching);
			const lines = told(watching);
			await vi.waitFor(() => expect(lines).toEqual(["snapshot a"]), patient);
			const hang = proxy.add({ fault: "stall", direction: "upstream" });
			const received = proxy.bytes.downstream;
			const overdue = performance.now() + 1.4 * ttlMs;
			await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(overdue), patient);
			hang.remove();
			await vi.waitFor(() => expect(proxy.bytes.downstream).toBeGreaterThan(received), patient);
			const settled = performance.now() + 2 * settlingMs;
			await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(settled), patient);
			expect(lines).toEqual(["snapshot a"]);
			await lease.update(instance("a", { weight: 2 }));
			await vi.waitFor(() => expect(lines).toEqual(["snapshot a", "up a", "down a"]), patient);
		});

		test("what was released or changed while a watcher was cut off, it is told when it is back", async () => {
			const registering = await open({ ttlMs: keptMs });
			const leases = [];
			for (const id of ["a", "b"]) leases.push(await registering.register(instance(id), background));
			const watching = await open();
			const lines = told(watching);
			await vi.waitFor(() => expect(lines).toEqual(["snapshot a b"]), patient);
			await server.kill();
			await server.restart();
			await leases[0]?.release();
			await leases[1]?.update(instance("b", { weight: 2 }));
			await vi.waitFor(() => expect(lines).toContain("released a"), patient);
			await vi.waitFor(() => expect(lines).toContain("up b"), patient);
		});

		test("streams that an operator deletes are made again, and no watcher saw anybody go", async () => {
			const registering = await open({ ttlMs: 2 * ttlMs });
			await keep(registering, "a");
			await keep(registering, "b");
			const lines = told(await open());
			await vi.waitFor(() => expect(lines).toEqual(["snapshot a b"]), patient);
			const { streams } = await jetstreamManager(await raw());
			const listing = await open();
			for (const deleted of [["KV_allium"], ["allium_beats"], ["KV_allium", "allium_beats"]]) {
				for (const name of deleted) await streams.delete(name);
				expect(await ids(listing)).toEqual([]);
				await vi.waitFor(async () => expect(await ids(listing)).toEqual(["a", "b"]), patient);
			}
			await streams.purge("KV_allium");
			expect(await ids(listing)).toEqual([]);
			await vi.waitFor(async () => expect(await ids(listing)).toEqual(["a", "b"]), patient);
			expect(lines).toEqual(["snapshot a b"]);
		});

		test("a hundred watches of one process share their readings after an outage", async () => {
			const registering = await open();
			const services = Array.from({ length: 100 }, (_, n) => ({
				name: `s${n}`,
				version: "1.0.0",
				hash: "h",
			}));
			await keep(registering, "a", { services });
			const watching = await open();
			const all = services.map(({ name }) => told(watching, name));
			await vi.waitFor(() => expect(all).toEqual(services.map(() => ["snapshot a"])), patient);
			await server.kill();
			await server.restart();
			let readings = 0;
			const counting = await raw();
			const subject = "$JS.EVENT.ADVISORY.CONSUMER.CREATED.>";
			counting.subscribe(subject, { callback: () => void readings++ });
			await keep(registering, "b", { services });
			await vi.waitFor(() => expect(all).toEqual(services.map(() => ["snapshot a", "up b"])), patient);
			// A reading is a consumer for each of two streams. Answers that arrive in different turns of the loop may cost a few.
			expect(readings).toBeLessThanOrEqual(8);
		});

		test("reading alone makes nothing on the server", async () => {
			const reading = await open();
			expect(await reading.list()).toEqual([]);
			const lines = told(reading);
			await vi.waitFor(() => expect(lines).toEqual(["snapshot"]), patient);
			const names = await (await jetstreamManager(await raw())).streams.names().next();
			expect(names).toEqual([]);
		});

		test("a watcher gets the records and heartbeats of its services alone", async () => {
			const registering = await open({ ttlMs: keptMs });
			const stock = [{ name: "stock", version: "1.0.0", hash: "h" }];
			const watching = await open();
			const lines = told(watching, "stock");
			await vi.waitFor(() => expect(lines).toEqual(["snapshot"]), patient);
			const counting = await raw();
			let heartbeats = 0;
			counting.subscribe("allium.beat.default.stock.*", { callback: () => void heartbeats++ });
			await counting.flush();
			const cart = await registering.register(instance("a"), background);
			await cart.update(instance("a"));
			await registering.register(instance("b", { services: stock }), background);
			expect(await ids(watching)).toEqual(["a", "b"]);
			await vi.waitFor(() => expect(lines).toEqual(["snapshot", "up b"]), patient);
			await counting.flush();
			expect(heartbeats).toBe(1);
		});

		test("names of any letters and length come back, and do not meet", async () => {
			const registering = await open({ ttlMs: keptMs });
			const hostile = ["", ".", "*", ">", "a b", "a.b", "🧅", "\r\nPUB x 0\r\n", "=", "x".repeat(4096)];
			for (const id of hostile) {
				const services = [{ name: id, version: "1.0.0", hash: "h" }];
				await registering.register(instance(id, { services }), background);
				await registering.register(instance(id, { namespace: `n${id}` }), background);
			}
			for (const service of hostile) {
				const listed = await registering.list({ namespace: "default", service });
				expect(listed.map(({ id }) => id)).toEqual([service]);
				expect(await registering.list({ namespace: `n${service}` })).toHaveLength(1);
			}
			expect(await registering.list()).toHaveLength(2 * hostile.length);
		});

		test("an instance that gives up one of its services stays with the others", async () => {
			const registering = await open({ ttlMs: keptMs });
			const [cart, stock] = ["cart", "stock"].map((name) => ({ name, version: "1.0.0", hash: "h" }));
			const both = [cart, stock].filter((service) => service !== undefined);
			const lease = await registering.register(instance("a", { services: both }), background);
			const watching = await open();
			const events: string[] = [];
			void (async () => {
				for await (const event of watching.watch({}, background)) events.push(line(event));
			})();
			const lines = told(watching);
			await vi.waitFor(() => expect([events, lines]).toEqual([["snapshot a"], ["snapshot a"]]), patient);
			await lease.update(instance("a", { services: both.slice(1) }));
			await vi.waitFor(() => expect(lines).toEqual(["snapshot a", "released a"]), patient);
			await vi.waitFor(() => expect(events).toEqual(["snapshot a", "up a"]), patient);
			expect(await ids(watching)).toEqual(["a"]);
			await lease.release();
			await vi.waitFor(() => expect(events).toEqual(["snapshot a", "up a", "released a"]), patient);
		});

		test("a message that is no record, or lies under the key of another, is ignored", async () => {
			const registering = await open({ ttlMs: keptMs });
			await registering.register(instance("a"), background);
			const lines = told(await open());
			await vi.waitFor(() => expect(lines).toEqual(["snapshot a"]), patient);
			const client = await raw();
			const forged = JSON.stringify(instance("z", { namespace: "other" }));
			for (const text of ["", "{", "null", forged, "x".repeat(500_000)]) {
				client.publish("$KV.allium.default.cart.z", text);
				client.publish("allium.beat.default.cart.z", text);
			}
			client.publish("allium.beat.default.cart.z", "60000 unknown");
			await client.flush();
			await keep(registering, "b");
			await vi.waitFor(() => expect(lines).toEqual(["snapshot a", "up b"]), patient);
			expect(await ids(registering)).toEqual(["a", "b"]);
		});

		test("operations while the server is away are bounded and say why", async () => {
			const registering = await open({ ttlMs: keptMs });
			const lease = await registering.register(instance("a"), background);
			await server.kill();
			const why = "unavailable: there is no connection to the NATS server at nats://127.0.0.1:";
			expect(await failure(lease.update(instance("a")))).toContain(why);
			expect(await failure(lease.release())).toContain(why);
			expect(await failure(registering.list({}, background.withTimeout(50)))).toContain("deadline_exceeded");
		});

		describe("a server without JetStream", () => {
			test.each([
				["on the server", "", ""],
				[
					"for the account",
					'jetstream { store_dir: "js" }\naccounts { A { users: [{ user: me, password: secret }] } }',
					"me:secret@",
				],
			])("%s is told in one sentence", async (_, config, user) => {
				await using without = await startServer(configured(file, config));
				const open = await registry(`nats://${user}127.0.0.1:${without.port}`, { ttlMs });
				opened.push(open);
				const sentence =
					/^failed_precondition: the NATS server at \S+ has no JetStream for this account; start it/;
				expect(await failure(open.register(instance("a"), background))).toMatch(sentence);
				expect(await failure(open.list())).toMatch(sentence);
				const events = open.watch({}, background)[Symbol.asyncIterator]();
				expect(await failure(events.next())).toMatch(sentence);
			});

			test("with too little room for the account is told in one sentence", async () => {
				const config =
					'jetstream { store_dir: "js" }\naccounts { A { jetstream { max_streams: 1 }, users: [{ user: me, password: secret }] } }';
				await using small = await startServer(configured(file, config));
				const client = await connect({
					servers: `127.0.0.1:${small.port}`,
					user: "me",
					pass: "secret",
				});
				clients.push(client);
				// A server lets in two streams that are made at the same time, so the account is full beforehand.
				// And on a busy machine, a server answers before its JetStream does.
				await vi.waitFor(async () => (await jetstreamManager(client)).streams.add({ name: "full" }));
				const open = await registry(`nats://me:secret@127.0.0.1:${small.port}`, { ttlMs });
				opened.push(open);
				expect(await failure(open.register(instance("a"), background))).toMatch(
					/^failed_precondition: JetStream at \S+ refused: maximum number of streams reached; raise the limits/,
				);
			});

			test("that stands alone cannot replicate", async () => {
				expect(await failure((await open({ replicas: 3 })).register(instance("a"), background))).toMatch(
					/^failed_precondition: JetStream at \S+ refused: .*; give "replicas" no more than the cluster has servers/,
				);
			});
		});

		test.each([
			["does not answer, as while a cluster elects a leader", undefined],
			["answers, and sends nothing of it", { num_pending: 1 }],
		])("a server that %s is asked for the instances again", async (_, first) => {
			await using without = await startServer(configured(file, ""));
			const double = await connect({ servers: `127.0.0.1:${without.port}` });
			clients.push(double);
			/** How often each stream was asked for. */
			const asked = new Map<string, number>();
			double.subscribe("$JS.API.CONSUMER.CREATE.>", {
				callback: (_error, request) => {
					const stream = request.subject.split(".")[4] ?? "";
					const times = (asked.get(stream) ?? 0) + 1;
					asked.set(stream, times);
					const answer = times === 1 ? first : { num_pending: 0 };
					if (answer !== undefined)
						request.respond(JSON.stringify({ created: "2026-01-01T00:00:00Z", ...answer }));
				},
			});
			await double.flush();
			expect(await (await open({}, without)).list()).toEqual([]);
			expect(asked.size).toBe(2);
			expect(Math.min(...asked.values())).toBeGreaterThan(1);
		});

		test("an option that cannot be used is refused", async () => {
			const refused = (query: string) => failure(registry(`${url()}?${query}`));
			expect(await refused("ttlMs=50")).toContain("ttlMs takes a whole number from 100 to 600000");
			expect(await refused("bucket=a.b")).toContain("bucket takes at most 64 letters");
			expect(await refused("storage=disk")).toContain("storage takes file or memory");
			expect(await refused("replicas=six")).toContain("replicas takes a whole number from 1 to 5");
			expect(await refused("nothing=1")).toContain('"nothing" is no parameter of this URL');
		});
	});
}

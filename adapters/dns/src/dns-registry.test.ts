import { Context, type Logger, type Registry } from "@allium/core";
import type { RegistryEvent } from "@allium/core/registry";
import { readOnlyRegistrySuite } from "@allium/testing/registry-suite";
import { describeServer } from "@allium/testing/servers";
import { afterEach, describe, expect, test } from "vitest";
import { type DnsRegistryOptions, registry } from "./dns-registry.ts";
import { Dnsmasq, type Zone } from "./fixtures/dnsmasq.ts";

const background = Context.background();
let open: Registry[] = [];
let servers: Dnsmasq[] = [];

afterEach(async () => {
	await Promise.all(open.map((one) => one.close()));
	await Promise.all(servers.map((server) => server.process.close()));
	open = [];
	servers = [];
});

async function start(program: string, zone: Zone): Promise<Dnsmasq> {
	const server = await Dnsmasq.start(program, zone);
	servers.push(server);
	return server;
}

/** Opens a registry that asks a server of a test, often. */
function openAt(server: Dnsmasq | string, url: string, options: DnsRegistryOptions = {}): Registry {
	const address = typeof server === "string" ? server : server.address;
	const opened = registry(url, { servers: [address], pollMs: 100, timeoutMs: 300, graceMs: 300, ...options });
	open.push(opened);
	return opened;
}

async function addresses(from: Registry, service?: string): Promise<string[]> {
	const instances = await from.list(service === undefined ? {} : { service });
	return instances.flatMap((instance) => instance.addresses).sort();
}

/** The events of a watch as short text: `up allium://10.0.0.1:4000`. */
function told(
	from: Registry,
	service?: string,
): { readonly events: string[]; readonly ended: Promise<unknown> } {
	const events: string[] = [];
	const consume = async (): Promise<void> => {
		for await (const event of from.watch(service === undefined ? {} : { service }, background))
			events.push(text(event));
	};
	return { events, ended: consume().catch((error: unknown) => error) };
}

function text(event: RegistryEvent): string {
	if (event.type === "snapshot") {
		return ["snapshot", ...event.instances.flatMap((instance) => instance.addresses).sort()].join(" ");
	}
	const released = event.type === "down" && event.released === true ? " released" : "";
	return `${event.type} ${event.instance.addresses}${released}`;
}

/** Addresses by name from URLs of a listing, such as `http://10.0.0.1:4000`. */
function zoneOf(listing: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
	return Object.fromEntries(
		Object.entries(listing).map(([service, urls]) => [
			`${service}.test`,
			urls.map((url) => new URL(url).hostname),
		]),
	);
}

describeServer("dnsmasq", (program) => {
	readOnlyRegistrySuite("dns, addresses", async (listing) => {
		const server = await Dnsmasq.start(program, { hosts: zoneOf(listing) });
		const url = "dns:orders=http://orders.test:4000;stock=allium://stock.test:4000";
		return {
			open: async () => registry(url, { servers: [server.address], pollMs: 50, graceMs: 300 }),
			change: async (changed) => {
				server.change(zoneOf(changed));
				await expect.poll(() => addresses(openAt(server, url))).toEqual(Object.values(changed).flat().sort());
			},
			close: () => server.process.close(),
		};
	});

	readOnlyRegistrySuite("dns, services", async (listing) => {
		const hosts: Record<string, string[]> = {};
		const services: string[] = [];
		for (const [service, urls] of Object.entries(listing)) {
			for (const [index, url] of urls.entries()) {
				const { hostname, port } = new URL(url);
				hosts[`${service}-${index}.test`] = [hostname];
				services.push(`_a._tcp.${service}.test,${service}-${index}.test,${port},10,1`);
			}
		}
		const server = await Dnsmasq.start(program, { hosts, services });
		const url = "dns:orders=http://_a._tcp.orders.test;stock=_a._tcp.stock.test";
		return {
			open: async () => registry(url, { servers: [server.address] }),
			close: () => server.process.close(),
		};
	});

	describe("names", () => {
		test("of a template are asked for when a client asks for their service", async () => {
			const server = await start(program, { hosts: { "orders.shop.test": ["10.0.0.1"] } });
			const shop = openAt(server, "dns:{service}.shop.test:4000");
			expect(await addresses(shop, "orders")).toEqual(["allium://10.0.0.1:4000"]);
			expect(await addresses(shop, "stock")).toEqual([]);
			expect(server.questions("stock.shop.test")).not.toEqual([]);
			expect(server.questions("service.shop.test")).toEqual([]);
		});

		test("of a template cannot be listed all, unless the URL names the services", async () => {
			const server = await start(program, {
				hosts: { "orders.test": ["10.0.0.1"], "stock.test": ["10.0.0.2"] },
			});
			const unnamed = openAt(server, "dns:{service}.test:4000");
			await expect(unnamed.list()).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringContaining(
					"does not say which services there are; name them, as in ?services=",
				),
			});
			const named = openAt(server, "dns:{service}.test:4000?services=orders,stock");
			expect(await addresses(named)).toEqual(["allium://10.0.0.1:4000", "allium://10.0.0.2:4000"]);
		});

		test("have IPv6 addresses where they have no IPv4 address, or those are asked for", async () => {
			const hosts = { "both.test": ["10.0.0.1", "fd00::1"], "six.test": ["fd00::2"] };
			const server = await start(program, { hosts });
			const any = openAt(server, "dns:{service}.test:4000");
			expect(await addresses(any, "both")).toEqual(["allium://10.0.0.1:4000"]);
			expect(await addresses(any, "six")).toEqual(["allium://[fd00::2]:4000"]);
			const six = openAt(server, "dns:{service}.test:4000?family=6");
			expect(await addresses(six, "both")).toEqual(["allium://[fd00::1]:4000"]);
			const four = openAt(server, "dns:{service}.test:4000?family=4");
			expect(await addresses(four, "six")).toEqual([]);
		});

		test("are asked for again when their time to live is over, and not before", async () => {
			const server = await start(program, { hosts: { "orders.test": ["10.0.0.1"] }, ttl: 2 });
			const watch = told(openAt(server, "dns:{service}.test:4000", { pollMs: 50 }), "orders");
			await expect.poll(() => watch.events).toHaveLength(1);
			const startedAt = performance.now();
			await expect.poll(() => server.questions("orders.test"), { interval: 20 }).toHaveLength(2);
			expect(performance.now() - startedAt).toBeGreaterThan(1_500);
		});
	});

	describe("SRV records", () => {
		const hosts = { "a.test": ["10.0.0.1"], "b.test": ["10.0.0.2"], "c.test": ["10.0.0.3"] };
		const services = [
			"_a._tcp.orders.test,a.test,4001,10,30",
			"_a._tcp.orders.test,b.test,4002,10,10",
			"_a._tcp.orders.test,c.test,4003,20,1",
		];

		test("tell the port and the weight; the preferred priority is listed", async () => {
			const server = await start(program, { hosts, services });
			const instances = await openAt(server, "dns:_a._tcp.{service}.test").list({ service: "orders" });
			expect(instances.map((one) => [one.addresses[0], one.weight, one.labels]).sort()).toEqual([
				["allium://10.0.0.1:4001", 1.5, { priority: "10" }],
				["allium://10.0.0.2:4002", 0.5, { priority: "10" }],
			]);
			const all = openAt(server, "dns:_a._tcp.{service}.test?priorities=all");
			expect(await addresses(all, "orders")).toHaveLength(3);
		});

		test("of another priority take over while no preferred target has an address", async () => {
			const server = await start(program, { hosts, services });
			const watch = told(openAt(server, "dns:_a._tcp.{service}.test", { graceMs: 0 }), "orders");
			await expect.poll(() => watch.events).toHaveLength(1);
			server.change({ "c.test": ["10.0.0.3"] });
			await expect
				.poll(() => watch.events.slice(1).sort())
				.toEqual([
					"down allium://10.0.0.1:4001 released",
					"down allium://10.0.0.2:4002 released",
					"up allium://10.0.0.3:4003",
				]);
		});
	});

	describe("a watch", () => {
		const url = "dns:{service}.test:4000";
		const one = "allium://10.0.0.1:4000";
		const two = "allium://10.0.0.2:4000";

		test("of a name that does not exist begins with an empty snapshot", async () => {
			const server = await start(program, {});
			const watch = told(openAt(server, url), "orders");
			await expect.poll(() => watch.events).toEqual(["snapshot"]);
			server.change({ "orders.test": ["10.0.0.1"] });
			await expect.poll(() => watch.events).toEqual(["snapshot", `up ${one}`]);
		});

		test("keeps who was there when a name vanishes, until it is gone for the grace", async () => {
			const server = await start(program, { hosts: { "orders.test": ["10.0.0.1"] } });
			const watch = told(openAt(server, url, { graceMs: 2_000 }), "orders");
			await expect.poll(() => watch.events).toEqual([`snapshot ${one}`]);
			const startedAt = performance.now();
			server.change({});
			await expect.poll(() => watch.events).toEqual([`snapshot ${one}`, `down ${one}`]);
			expect(performance.now() - startedAt).toBeGreaterThan(1_900);
		});

		test("keeps who is known while the server does not answer, and for the grace after", async () => {
			const logged: string[] = [];
			const logger: Logger = { log: (level, message) => logged.push(`${level} ${message}`) };
			const server = await start(program, { hosts: { "orders.test": ["10.0.0.1", "10.0.0.2"] } });
			const watch = told(openAt(server, url, { logger, graceMs: 2_000 }), "orders");
			await expect.poll(() => watch.events).toEqual([`snapshot ${one} ${two}`]);
			server.process.suspend();
			await expect.poll(() => logged).toEqual(["warn DNS does not answer; going on with what is known"]);
			server.change({ "orders.test": ["10.0.0.2"] });
			const resumedAt = performance.now();
			server.process.resume();
			await expect.poll(() => logged).toHaveLength(2);
			expect(logged[1]).toBe("info DNS answers again");
			await expect.poll(() => watch.events).toEqual([`snapshot ${one} ${two}`, `down ${one}`]);
			expect(performance.now() - resumedAt).toBeGreaterThan(1_900);
		});

		test("goes on after its server was killed and started again", async () => {
			const server = await start(program, { hosts: { "orders.test": ["10.0.0.1"] } });
			const watch = told(openAt(server, url), "orders");
			await expect.poll(() => watch.events).toEqual([`snapshot ${one}`]);
			await server.process.kill();
			await server.process.restart();
			server.change({ "orders.test": ["10.0.0.1", "10.0.0.2"] });
			await expect.poll(() => watch.events).toEqual([`snapshot ${one}`, `up ${two}`]);
		});

		test("of all services shows those that have an answer", async () => {
			const server = await start(program, { hosts: { "orders.test": ["10.0.0.1"] } });
			// The domain "elsewhere" belongs to no server that is asked, so the question is refused.
			const shop = openAt(server, "dns:orders=orders.test:4000;stock=stock.elsewhere:4000");
			const watch = told(shop);
			await expect.poll(() => watch.events).toEqual([`snapshot ${one}`]);
			expect(await addresses(shop)).toEqual([one]);
		});

		test("leaves nothing open after it ends", async () => {
			const server = await start(program, { hosts: { "orders.test": ["10.0.0.1"] } });
			const shop = openAt(server, url);
			const watch = told(shop, "orders");
			await expect.poll(() => watch.events).toHaveLength(1);
			await shop.close();
			expect(await watch.ended).toBeUndefined();
			const questions = server.questions("orders.test").length;
			await addresses(openAt(server, url), "other");
			expect(server.questions("orders.test")).toHaveLength(questions);
		});
	});
});

describe("a server that is not there", () => {
	const nowhere = "127.0.0.1:1";

	test("is named in one sentence", async () => {
		const shop = openAt(nowhere, "dns:{service}.test:4000");
		await expect(shop.list({ service: "orders" })).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringMatching(/^cannot look up orders\.test at 127\.0\.0\.1:1: /),
		});
		expect(await told(shop, "orders").ended).toMatchObject({ code: "unavailable" });
	});

	test("does not keep a listing from ending with its context", async () => {
		const shop = openAt(nowhere, "dns:{service}.test:4000");
		const { ctx, cancel } = background.withCancel();
		const listing = shop.list({ service: "orders" }, ctx);
		cancel();
		await expect(listing).rejects.toMatchObject({ code: "canceled" });
	});
});

test("a registration is told once", async () => {
	const logged: unknown[] = [];
	const shop = openAt("127.0.0.1:1", "dns:{service}.test:4000", {
		logger: { log: (...all) => logged.push(all) },
	});
	const instance = {
		id: "a",
		app: "orders",
		namespace: "default",
		addresses: ["allium://10.0.0.1:4000"],
		services: [],
		labels: {},
		weight: 1,
		status: "up" as const,
		startedAt: "",
	};
	await shop.register(instance, background);
	await shop.register(instance, background);
	const message = "DNS takes no registrations; others find this process if DNS has a record of it";
	expect(logged).toEqual([["info", message, { addresses: ["allium://10.0.0.1:4000"] }]]);
	expect(shop.spansHosts).toBe(true);
});

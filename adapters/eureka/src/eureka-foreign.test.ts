import { Context, type Instance, type Registry } from "@allium/core";
import { cartInstance } from "@allium/testing/registry-suite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type ServedEureka, serveEureka } from "./fixtures/eureka.ts";
import { registry } from "./index.ts";

const background = Context.background();
let eureka: ServedEureka;
let opened: Registry;

beforeEach(async () => {
	eureka = await serveEureka();
	opened = await registry(eureka.url, { namespace: "one", pollMs: 20 });
});
afterEach(async () => {
	await opened.close();
	await eureka.close();
});

const enabled = { $: 8080, "@enabled": "true" };

/** Registers an instance as a service in Java does. */
async function register(app: string, fields: object): Promise<void> {
	const body = JSON.stringify({ instance: { instanceId: "a", hostName: "10.0.0.7", app, ...fields } });
	const headers = { "content-type": "application/json" };
	expect((await fetch(`${eureka.api}/apps/${app}`, { method: "POST", headers, body })).status).toBe(204);
}

/** The answer of Eureka. */
interface EurekaDocument {
	readonly instance?: { readonly status: string; readonly lastDirtyTimestamp: string };
	readonly applications?: { readonly application: readonly unknown[] };
}

async function ask(method: string, path: string): Promise<EurekaDocument> {
	const answer = await fetch(eureka.api + path, { method, headers: { accept: "application/json" } });
	expect(answer.status).toBe(200);
	const text = await answer.text();
	return text === "" ? {} : JSON.parse(text);
}

describe("an instance that somebody else registered", () => {
	test("is foreign: its virtual addresses are services, its metadata labels", async () => {
		await register("PAYMENTS", {
			port: enabled,
			vipAddress: "payments,billing",
			secureVipAddress: "payments",
			metadata: { version: "1.4", zone: "eu-1", "management.port": "8081" },
		});
		const expected: Instance = {
			id: "PAYMENTS/a",
			app: "PAYMENTS",
			namespace: "one",
			addresses: ["http://10.0.0.7:8080"],
			services: [
				{ name: "payments", version: "1.4", hash: "" },
				{ name: "billing", version: "1.4", hash: "" },
			],
			zone: "eu-1",
			labels: { version: "1.4", zone: "eu-1", "management.port": "8081" },
			weight: 1,
			status: "up",
			startedAt: "",
			foreign: true,
		};
		expect(await opened.list({ service: "billing" })).toEqual([expected]);
		expect(await opened.list({ namespace: "two" })).toEqual([]);
	});

	test.each([
		[
			"a secure port",
			{ securePort: { $: 8443, "@enabled": "true" }, port: { $: 80, "@enabled": "false" } },
			["https://10.0.0.7:8443"],
		],
		[
			"both ports",
			{ securePort: { $: 8443, "@enabled": true }, port: enabled },
			["https://10.0.0.7:8443", "http://10.0.0.7:8080"],
		],
		["a number for a port, as fargo sends it", { port: "8080" }, ["http://10.0.0.7:8080"]],
		["an address of IPv6", { hostName: "fd00::7", port: enabled }, ["http://[fd00::7]:8080"]],
		["the port in its name", { hostName: "10.0.0.7:8080", port: enabled }, ["http://10.0.0.7:8080"]],
		["a name that is none", { hostName: "a b", port: enabled }, []],
		["no port", { port: { $: 0, "@enabled": "true" } }, []],
	])("has its addresses where it has %s", async (_, fields, addresses) => {
		await register("PAYMENTS", fields);
		const [listed] = await opened.list();
		expect(listed?.addresses).toEqual(addresses);
	});

	test("without virtual addresses is called by its app", async () => {
		await register("PAYMENTS", {
			port: enabled,
			dataCenterInfo: { name: "Amazon", metadata: { "availability-zone": "b" } },
		});
		expect(await opened.list({ service: "payments" })).toMatchObject([{ app: "PAYMENTS", zone: "b" }]);
	});

	test("shows how it is, and what operators set", async () => {
		const statuses = async (): Promise<unknown> => (await opened.list()).map(({ status }) => status);
		for (const [status, shown] of [
			["STARTING", "unhealthy"],
			["DOWN", "unhealthy"],
			["UP", "up"],
		]) {
			await register("PAYMENTS", { status });
			expect(await statuses()).toEqual([shown]);
		}
		await ask("PUT", "/apps/PAYMENTS/a/status?value=OUT_OF_SERVICE");
		expect(await statuses()).toEqual(["draining"]);
	});

	test("is watched as all others are", async () => {
		const events: string[] = [];
		const { ctx, cancel } = background.withCancel();
		const watched = (async () => {
			for await (const event of opened.watch({ service: "payments" }, ctx)) {
				events.push(event.type === "snapshot" ? "snapshot" : `${event.type} ${event.instance.labels.color}`);
			}
		})();
		await vi.waitFor(() => expect(events).toEqual(["snapshot"]));
		await register("PAYMENTS", { metadata: { color: "red" } });
		await vi.waitFor(() => expect(events).toEqual(["snapshot", "up red"]));
		await ask("PUT", "/apps/PAYMENTS/a/metadata?color=blue");
		await vi.waitFor(() => expect(events).toEqual(["snapshot", "up red", "up blue"]));
		await ask("DELETE", "/apps/PAYMENTS/a");
		await vi.waitFor(() => expect(events).toEqual(["snapshot", "up red", "up blue", "down blue"]));
		cancel();
		await watched;
	});

	test("cannot pass for one of ours by a record that does not say when it started", async () => {
		const record = JSON.stringify(cartInstance("a", { startedAt: "" }));
		await register("PAYMENTS", { metadata: { allium: record } });
		expect(await opened.list()).toEqual([]);
	});
});

describe("an instance of ours", () => {
	const service = { name: "cart", version: "1.0.0", hash: "c0ffee" };

	test("is found by others by its app and by its contracts, with its health", async () => {
		const services = [service, { ...service, name: "cart.v2" }];
		const change = { namespace: "default", services, addresses: ["allium://10.0.0.9:4000"], zone: "eu-1" };
		const lease = await opened.register(cartInstance("a", change), background);
		const { instance } = await ask("GET", "/apps/SHOP/a");
		expect(instance).toMatchObject({
			app: "SHOP",
			hostName: "10.0.0.9",
			ipAddr: "10.0.0.9",
			vipAddress: "cart,cart.v2",
			status: "UP",
			port: { $: 4000, "@enabled": "true" },
			securePort: { "@enabled": "false" },
			healthCheckUrl: "http://10.0.0.9:4000/healthz",
			leaseInfo: { durationInSecs: 90, renewalIntervalInSecs: 30 },
			metadata: { namespace: "default", zone: "eu-1" },
		});
		expect((await ask("GET", "/vips/cart.v2")).applications?.application).toHaveLength(1);
		await lease.update(cartInstance("a", { ...change, status: "draining" }));
		expect((await ask("GET", "/apps/SHOP/a")).instance?.status).toBe("OUT_OF_SERVICE");
		await lease.update(cartInstance("a", { ...change, status: "unhealthy" }));
		expect((await ask("GET", "/apps/SHOP/a")).instance?.status).toBe("DOWN");
	});

	test("in another namespace has names that begin with it, and over TLS a secure port", async () => {
		await opened.register(cartInstance("a", { addresses: ["allium+tls://[fd00::9]:4000"] }), background);
		expect((await ask("GET", "/apps/ONE--SHOP/one--a")).instance).toMatchObject({
			hostName: "fd00::9",
			secureVipAddress: "one--cart",
			securePort: { $: 4000, "@enabled": "true" },
			port: { "@enabled": "false" },
			homePageUrl: "https://[fd00::9]:4000/",
		});
	});

	test("whose clock is set back goes on to tell newer times of its changes", async () => {
		const lease = await opened.register(cartInstance("a"), background);
		const told = async (): Promise<number> =>
			Number((await ask("GET", "/apps/ONE--SHOP/one--a")).instance?.lastDirtyTimestamp);
		const before = await told();
		vi.useFakeTimers({ toFake: ["Date"] });
		try {
			vi.setSystemTime(Date.now() - 3_600_000);
			await lease.update(cartInstance("a", { weight: 2 }));
		} finally {
			vi.useRealTimers();
		}
		expect(await told()).toBe(before + 1);
	});

	test("with names that no path takes is registered, renewed and released", async () => {
		const odd = cartInstance("a/b?c%#", { app: "..", namespace: "ü x" });
		const lease = await opened.register(odd, background);
		await lease.update(odd);
		expect(await opened.list()).toEqual([odd]);
		await lease.release();
		expect(await opened.list()).toEqual([]);
	});

	test("whose app changes its name leaves nothing under the old one", async () => {
		const lease = await opened.register(cartInstance("a"), background);
		await lease.update(cartInstance("a", { app: "store" }));
		const { applications } = await ask("GET", "/apps");
		expect(applications?.application).toMatchObject([{ name: "ONE--STORE" }]);
		expect(await opened.list()).toMatchObject([{ app: "store" }]);
	});

	test("is taken out of service by operators, and back", async () => {
		await opened.register(cartInstance("a"), background);
		await ask("PUT", "/apps/ONE--SHOP/one--a/status?value=OUT_OF_SERVICE");
		expect(await opened.list()).toMatchObject([{ id: "a", status: "draining" }]);
		await ask("DELETE", "/apps/ONE--SHOP/one--a/status");
		expect(await opened.list()).toEqual([cartInstance("a")]);
	});

	test("that is too large for Eureka is refused in a sentence", async () => {
		const labels = { long: "x".repeat(70_000) };
		await expect(opened.register(cartInstance("a", { labels }), background)).rejects.toMatchObject({
			code: "invalid_argument",
			message: expect.stringMatching(/^Eureka at 127.0.0.1:\d+ refuses an instance: .* 65536 /),
		});
	});
});

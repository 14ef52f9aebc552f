import { Context, type Instance, isServiceError, type Registry } from "@allium/core";
import { instanceRecord } from "@allium/core/registry";
import { describeServer } from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type RunningConsul, startConsul } from "./fixtures/consul.ts";
import { instance } from "./fixtures/instance.ts";
import { registry } from "./index.ts";
import { serviceDefinitions } from "./service-definition.ts";

const background = Context.background();

describeServer("consul", (program) => {
	let consul: RunningConsul;
	let shop: Registry;
	beforeAll(async () => {
		consul = await startConsul(program);
	});
	afterAll(() => consul?.server.close());
	beforeEach(async () => {
		// Nobody renews what the tests register.
		shop = await registry(consul.url, { ttlMs: 600_000 });
	});
	afterEach(() => shop.close());

	async function put(path: string, body?: unknown): Promise<void> {
		const answer = await fetch(consul.origin + path, { method: "PUT", body: JSON.stringify(body) });
		expect([path, answer.status]).toEqual([path, 200]);
	}

	async function get<Answer>(path: string): Promise<Answer> {
		return (await (await fetch(consul.origin + path)).json()) as Answer;
	}

	describe("an instance of ours", () => {
		test("is seen by the other users of Consul, with health and metadata", async () => {
			const services = ["cart", "cart.v2"].map((name) => ({ name, version: "1.2.0", hash: "c0ffee" }));
			const lease = await shop.register(instance("a", { services, zone: "eu-1" }), background);
			type Entry = { Service: Record<string, unknown>; Checks: { Status: string; ServiceID: string }[] };
			for (const { name } of services) {
				const [entry] = await get<Entry[]>(`/v1/health/service/${name}`);
				expect(entry?.Service).toMatchObject({
					Address: "10.0.0.9",
					Port: 4000,
					Tags: ["allium"],
					Meta: { app: "shop", namespace: "default", version: "1.2.0", zone: "eu-1" },
				});
				expect(entry?.Checks.map(({ Status }) => Status)).toEqual(["passing", "passing"]);
			}
			await lease.update(instance("a", { services, status: "unhealthy" }));
			const [warned] = await get<Entry[]>("/v1/health/service/cart");
			expect(warned?.Checks.find(({ ServiceID }) => ServiceID !== "")?.Status).toBe("warning");
			expect(await shop.list({ service: "cart" })).toMatchObject([{ id: "a", status: "unhealthy" }]);
			await lease.update(instance("a", { services }));
			const [healthy] = await get<Entry[]>("/v1/health/service/cart");
			expect(healthy?.Checks.find(({ ServiceID }) => ServiceID !== "")?.Status).toBe("passing");
			await lease.release();
			expect(await get("/v1/health/service/cart")).toEqual([]);
		});

		test("of another namespace has another name", async () => {
			const lease = await shop.register(instance("a", { namespace: "blue" }), background);
			expect(await get("/v1/health/service/cart")).toEqual([]);
			expect(await get("/v1/health/service/blue--cart")).toMatchObject([{ Service: { ID: "blue--cart:a" } }]);
			await lease.release();
		});

		test("may have names that look like paths", async () => {
			const odd = ["a/../b", "../../", "a b?c#d%2F", "", "ü\u0000", "x".repeat(1_000)];
			const leases = await Promise.all(
				odd.map((id) => shop.register(instance(id, { namespace: `n/${id}`, labels: { id } }), background)),
			);
			expect((await shop.list()).map(({ id }) => id).sort()).toEqual([...odd].sort());
			for (const lease of leases) await lease.release();
			expect(await shop.list()).toEqual([]);
		});

		test("may be as large as Consul takes, and no larger", async () => {
			const lease = await shop.register(instance("a", { labels: { big: "é".repeat(4_000) } }), background);
			expect(await shop.list()).toEqual([instance("a", { labels: { big: "é".repeat(4_000) } })]);
			await lease.release();
			const large = instance("a", { labels: { big: "x".repeat(30_000) } });
			await expect(shop.register(large, background)).rejects.toMatchObject({
				code: "invalid_argument",
				message: expect.stringMatching(
					/^Consul takes at most 28672 bytes about an instance, and this one has \d+: shorten/,
				),
			});
		});

		test("is not woken for, when it is renewed", async () => {
			const lease = await shop.register(instance("a"), background);
			const index = async (): Promise<string | null> =>
				(await fetch(`${consul.origin}/v1/health/service/cart`)).headers.get("x-consul-index");
			const before = await index();
			for (let count = 0; count < 5; count++) await lease.update(instance("a"));
			expect(await index()).toBe(before);
			await lease.release();
		});

		test("that the operator takes out for maintenance is not listed", async () => {
			const lease = await shop.register(instance("a"), background);
			await put("/v1/agent/service/maintenance/cart:a?enable=true&reason=test");
			await expect.poll(() => shop.list()).toEqual([]);
			await put("/v1/agent/service/maintenance/cart:a?enable=false");
			await expect.poll(() => shop.list()).toHaveLength(1);
			await lease.release();
		});
	});

	describe("a service of others", () => {
		afterEach(async () => {
			for (const id of Object.keys(await get<object>("/v1/agent/services"))) {
				await put(`/v1/agent/service/deregister/${id}`);
			}
		});

		test("is a foreign instance, in the namespace of the reader", async () => {
			await put("/v1/agent/service/register", {
				ID: "p",
				Name: "payments",
				Address: "10.0.0.7",
				Port: 8080,
				Meta: { version: "3.1.0", team: "billing" },
				Weights: { Passing: 5, Warning: 1 },
			});
			const found: Instance = {
				id: "test/p",
				app: "payments",
				namespace: "default",
				addresses: ["http://10.0.0.7:8080"],
				services: [{ name: "payments", version: "3.1.0", hash: "" }],
				labels: { version: "3.1.0", team: "billing" },
				weight: 5,
				status: "up",
				startedAt: "",
				foreign: true,
			};
			await expect.poll(() => shop.list()).toEqual([found]);
			expect(await shop.list({ namespace: "default", service: "payments" })).toEqual([found]);
			expect(await shop.list({ namespace: "blue", service: "payments" })).toEqual([]);
			await using blue = await registry(consul.url, { namespace: "blue", ttlMs: 600_000 }).then(disposable);
			expect(await blue.list({ namespace: "blue", service: "payments" })).toEqual([
				{ ...found, namespace: "blue" },
			]);
		});

		test("goes down with its checks, and is called over HTTPS where it says so", async () => {
			await put("/v1/agent/service/register", {
				Name: "web",
				Port: 443,
				Tags: ["https"],
				Check: { TTL: "1h", CheckID: "web" },
			});
			const told: string[] = [];
			const { ctx, cancel } = background.withCancel();
			const watching = (async () => {
				for await (const event of shop.watch({ namespace: "default", service: "web" }, ctx)) {
					if (event.type === "snapshot") told.push(`snapshot ${event.instances.length}`);
					else told.push(`${event.type} ${event.instance.addresses} ${event.instance.status}`);
				}
			})();
			await expect.poll(() => told).toEqual(["snapshot 0"]);
			await put("/v1/agent/check/pass/web");
			await expect.poll(() => told.at(-1)).toBe("up https://127.0.0.1:443 up");
			await put("/v1/agent/check/warn/web");
			await expect.poll(() => told.at(-1)).toBe("up https://127.0.0.1:443 unhealthy");
			await put("/v1/agent/check/fail/web");
			await expect.poll(() => told.at(-1)).toBe("down https://127.0.0.1:443 unhealthy");
			cancel();
			await watching;
		});

		test("without a port has no address, and a sidecar proxy is not listed", async () => {
			await put("/v1/agent/service/register", { Name: "batch" });
			await put("/v1/agent/service/register", {
				Kind: "connect-proxy",
				Name: "batch-proxy",
				Port: 1,
				Proxy: { DestinationServiceName: "batch" },
			});
			await expect.poll(() => shop.list()).toMatchObject([{ app: "batch", addresses: [] }]);
		});
	});

	test("ten thousand instances at a hundred agents are listed and watched", async () => {
		const nodes = Array.from({ length: 100 }, (_, node) => `node-${node}`);
		for (const node of nodes) await transaction(consul.origin, node);
		// A Consul that has so much to do may need longer than a list or a new watch waits for it.
		await vi.waitFor(async () => {
			const listed = await shop.list({ namespace: "default", service: "cart" });
			expect(new Set(listed.map(({ id }) => id)).size).toBe(10_000);
		});
		const up = new Set<string>();
		const { ctx, cancel } = background.withCancel();
		const watch = async (): Promise<void> => {
			for await (const event of shop.watch({ namespace: "default", service: "cart" }, ctx)) {
				if (event.type === "snapshot") for (const { id } of event.instances) up.add(id);
				else if (event.type === "up") up.add(event.instance.id);
				else up.delete(event.instance.id);
			}
		};
		const watching = watch().catch(function again(error: unknown): Promise<void> {
			if (!isServiceError(error) || error.code !== "unavailable") throw error;
			return watch().catch(again);
		});
		await expect.poll(() => up.size).toBe(10_000);
		await put("/v1/catalog/deregister", { Node: "node-7" });
		await expect.poll(() => up.size).toBe(9_900);
		cancel();
		await watching;
	});
});

/** Puts a hundred instances on a node into the catalog, as its agent would. */
async function transaction(origin: string, node: string): Promise<void> {
	const operations = Array.from({ length: 100 }, (_, index) => instanceRecord(instance(`${node}-${index}`)))
		.flatMap((record) => serviceDefinitions(record, 5_000))
		.flatMap(({ Check, Name, ...service }) => [
			{ Service: { Verb: "set", Node: node, Service: { ...service, Service: Name } } },
			{
				Check: {
					Verb: "set",
					Check: { Node: node, CheckID: Check.CheckID, ServiceID: service.ID, Status: "passing" },
				},
			},
		]);
	const whole = [{ Node: { Verb: "set", Node: { Node: node, Address: "10.0.0.1" } } }, ...operations];
	for (let from = 0; from < whole.length; from += 64) {
		const answer = await fetch(`${origin}/v1/txn`, {
			method: "PUT",
			body: JSON.stringify(whole.slice(from, from + 64)),
		});
		expect(answer.status, await answer.text()).toBe(200);
	}
}

function disposable(made: Registry): Registry & AsyncDisposable {
	return Object.assign(made, { [Symbol.asyncDispose]: () => made.close() });
}

import { Context } from "@allium/core";
import { readOnlyRegistrySuite } from "@allium/testing/registry-suite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestCluster } from "./fixtures/cluster.ts";
import { pod, sliceOf } from "./fixtures/pods.ts";
import { told } from "./fixtures/told.ts";
import { registry } from "./kubernetes-registry.ts";

type Listing = Readonly<Record<string, readonly string[]>>;

/** Makes the slices of a cluster equal to a listing of addresses. */
function show({ server: { store } }: TestCluster, listing: Listing): void {
	for (const { metadata } of store.slices()) {
		const service = metadata.labels?.["kubernetes.io/service-name"] ?? "";
		if (!Object.hasOwn(listing, service)) store.delete(metadata.namespace, metadata.name);
	}
	for (const [service, addresses] of Object.entries(listing)) {
		const urls = addresses.map((address) => new URL(address));
		const [{ protocol, port } = new URL("http://nobody:1")] = urls;
		const ports = [{ name: protocol.slice(0, -1), port: Number(port), protocol: "TCP" }];
		store.put(
			sliceOf(
				service,
				urls.map(({ hostname }) => pod(hostname)),
				{ ports },
			),
		);
	}
}

readOnlyRegistrySuite("kubernetes, a double of the API server", async (listing) => {
	const cluster = await TestCluster.start();
	show(cluster, listing);
	return {
		open: () => cluster.open(),
		change: async (changed) => show(cluster, changed),
		close: () => cluster.close(),
	};
});

let cluster: TestCluster;
beforeEach(async () => {
	cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

describe("an instance", () => {
	test("is a pod, with its zone, its name, its node and the plain labels of its Service", async () => {
		const endpoint = pod("10.0.0.1", { zone: "eu-1a" });
		const labels = { tier: "gold", "app.kubernetes.io/name": "orders" };
		cluster.server.store.put(sliceOf("orders", [endpoint], { labels }));
		const shop = await cluster.open("kubernetes:", { namespace: "blue" });
		expect(await shop.list()).toEqual([
			{
				id: "uid-10.0.0.1",
				app: "orders",
				namespace: "blue",
				addresses: ["allium://10.0.0.1:4000"],
				services: [{ name: "orders", version: "", hash: "" }],
				zone: "eu-1a",
				labels: { tier: "gold", pod: "pod-10-0-0-1", node: "node-1" },
				weight: 1,
				status: "up",
				startedAt: "",
			},
		]);
		expect(shop.location).toBe(`kubernetes://127.0.0.1:${cluster.server.port}/shop`);
		expect(shop.spansHosts).toBe(true);
	});

	test.each([
		["has no conditions", null, "up"],
		["is ready", { ready: true }, "up"],
		["does not say whether it is ready", { ready: null }, "up"],
		["is not ready", { ready: false }, "unhealthy"],
		["terminates and serves", { ready: false, serving: true, terminating: true }, "draining"],
		["terminates, and does not say whether it serves", { ready: false, terminating: true }, undefined],
		["terminates and does not serve", { ready: false, serving: false, terminating: true }, undefined],
	] as const)("that %s has its status", async (_, conditions, status) => {
		cluster.server.store.put(sliceOf("orders", [pod("10.0.0.1", { conditions })]));
		const [instance] = await (await cluster.open()).list();
		expect(instance?.status).toBe(status);
	});

	test("is one, although several Services select it and it has addresses of both families", async () => {
		const { store } = cluster.server;
		const endpoint = pod("10.0.0.1");
		store.put(sliceOf("orders", [endpoint]));
		store.put(sliceOf("stock", [endpoint]));
		const sixth = { ...endpoint, addresses: ["fd00::1"] };
		store.put(sliceOf("orders", [sixth], { name: "orders-zzzzz", addressType: "IPv6" }));
		const shop = await cluster.open();
		expect(await shop.list()).toMatchObject([
			{
				addresses: ["allium://10.0.0.1:4000", "allium://[fd00::1]:4000"],
				services: [{ name: "orders" }, { name: "stock" }],
			},
		]);
		const watch = told(shop, { service: "stock" });
		await expect.poll(() => watch.events).toHaveLength(1);
		store.delete("shop", "stock-x7k2p");
		await expect.poll(() => watch.events).toHaveLength(2);
		expect(watch.events[1]).toMatch(/^down .* released$/);
		expect(await shop.list()).toMatchObject([{ services: [{ name: "orders" }] }]);
	});
});

describe("ports", () => {
	test.each([
		["allium", undefined, "allium://10.0.0.1:7000"],
		["allium-tls", undefined, "allium+tls://10.0.0.1:7000"],
		["http", undefined, "http://10.0.0.1:7000"],
		["https", undefined, "https://10.0.0.1:7000"],
		["web", "http", "http://10.0.0.1:7000"],
		["web", "kubernetes.io/h2c", "http://10.0.0.1:7000"],
		["web", "allium", "allium://10.0.0.1:7000"],
		["main", undefined, "allium://10.0.0.1:7000"],
		["postgres", undefined, undefined],
		["", undefined, undefined],
	])("are known by their name or appProtocol: %s %s", async (name, appProtocol, address) => {
		const ports = [{ name, port: 7000, protocol: "TCP", ...(appProtocol !== undefined && { appProtocol }) }];
		cluster.server.store.put(sliceOf("orders", [pod("10.0.0.1")], { ports }));
		const instances = await (await cluster.open("kubernetes:?port=main")).list();
		expect(instances.flatMap(({ addresses }) => addresses)).toEqual(address === undefined ? [] : [address]);
	});

	test("of frames come first, and ports of UDP do not count", async () => {
		const ports = [
			{ name: "http", port: 80 },
			{ name: "allium", port: 4000, protocol: "UDP" },
			{ name: "allium", port: 4001, protocol: "TCP" },
			{ name: "https", port: null },
		];
		cluster.server.store.put(sliceOf("orders", [pod("10.0.0.1")], { ports }));
		const instances = await (await cluster.open()).list();
		expect(instances[0]?.addresses).toEqual(["allium://10.0.0.1:4001", "http://10.0.0.1:80"]);
	});
});

describe("contracts", () => {
	test("are those that labels of the Service name, with their versions", async () => {
		const labels = { "service.allium/orders": "1.2.0", "service.allium/orders.v2": "" };
		cluster.server.store.put(sliceOf("shop-backend", [pod("10.0.0.1")], { labels }));
		const [instance] = await (await cluster.open()).list({ service: "orders.v2" });
		expect(instance?.services).toEqual([
			{ name: "orders", version: "1.2.0", hash: "" },
			{ name: "orders.v2", version: "", hash: "" },
		]);
	});

	test("follow from the name of the Service by a template", async () => {
		const { store } = cluster.server;
		store.put(sliceOf("prod-orders", [pod("10.0.0.1")]));
		store.put(sliceOf("stock", [pod("10.0.0.2")]));
		const instances = await (await cluster.open("kubernetes:?service=prod-{service}")).list();
		expect(instances.flatMap(({ services }) => services.map(({ name }) => name))).toEqual(["orders"]);
	});
});

describe("which slices count", () => {
	beforeEach(() => {
		const { store } = cluster.server;
		store.put(sliceOf("orders", [pod("10.0.0.1")], { labels: { system: "shop" } }));
		store.put(sliceOf("stock", [pod("10.0.0.2")]));
		store.put(sliceOf("bills", [pod("10.0.0.3")], { namespace: "billing" }));
	});

	test.each([
		["kubernetes:", ["orders", "stock"]],
		["kubernetes:?namespace=billing", ["bills"]],
		["kubernetes:?namespace=*", ["bills", "orders", "stock"]],
		["kubernetes:?selector=system%3Dshop", ["orders"]],
	])("is said by the URL: %s", async (url, names) => {
		const shop = await cluster.open(url);
		const instances = await shop.list();
		expect(instances.map(({ app }) => app).sort()).toEqual(names);
		const watch = told(shop);
		await expect.poll(() => watch.events).toHaveLength(1);
		expect(watch.events[0]?.split(" ")).toHaveLength(1 + names.length);
	});

	test("a slice that no longer fits the selector is gone", async () => {
		const watch = told(await cluster.open("kubernetes:?selector=system%3Dshop"));
		await expect.poll(() => watch.events).toEqual(["snapshot allium://10.0.0.1:4000"]);
		cluster.server.store.put(sliceOf("orders", [pod("10.0.0.1")]));
		await expect.poll(() => watch.events.slice(1)).toEqual(["down allium://10.0.0.1:4000 released"]);
	});

	test.each([
		["kubernetes:shop", '"kubernetes:shop" has "shop" after "kubernetes:"; write kubernetes:?namespace=shop'],
		["kubernetes:?namespaces=shop", '"kubernetes:" takes no parameter "namespaces"; it takes kubeconfig,'],
		["kubernetes:?namespace=Shop", 'is "Shop", but takes the name of a namespace, or *'],
		["kubernetes:?service=prod", 'is "prod", but takes a name with {service} once'],
		["kubernetes:?silenceMs=1m", 'is "1m", but takes milliseconds'],
	])("a URL that is wrong is refused in one sentence: %s", async (url, sentence) => {
		await expect(cluster.open(url)).rejects.toMatchObject({
			code: "invalid_argument",
			message: expect.stringContaining(sentence),
		});
	});
});

test("thousands of slices are listed page by page", async () => {
	const { store, requests } = cluster.server;
	for (let slice = 0; slice < 250; slice++) {
		const endpoints = Array.from({ length: 40 }, (_, n) => pod(`10.${slice}.0.${n}`));
		store.put(sliceOf(`s${slice}`, endpoints));
	}
	const shop = await cluster.open();
	requests.length = 0;
	expect(await shop.list()).toHaveLength(10_000);
	expect(requests.map(({ query }) => query.limit)).toEqual(["100", "100", "100"]);
});

test("a registration is told once", async () => {
	const logged: unknown[] = [];
	cluster.server.store.put(sliceOf("orders", [pod("10.0.0.1")]));
	const shop = await cluster.open("kubernetes:", { logger: { log: (...all) => logged.push(all) } });
	const [instance] = await shop.list();
	if (instance === undefined) throw new Error("nothing is listed");
	await shop.register(instance, Context.background());
	await shop.register(instance, Context.background());
	const message = "Kubernetes takes no registrations; others find this process if a Service selects its pod";
	expect(logged).toEqual([["info", message, { addresses: instance.addresses }]]);
});

test("outside of a cluster and without a kubeconfig it says what it needs", async () => {
	await expect(registry("kubernetes:", { env: { HOME: "/nowhere" } })).rejects.toMatchObject({
		code: "failed_precondition",
		message: expect.stringMatching(
			/^the kubeconfig \/nowhere\/\.kube\/config cannot be read: .*as kubectl does$/,
		),
	});
});

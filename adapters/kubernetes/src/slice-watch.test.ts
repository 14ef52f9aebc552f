import { Context, type Logger, type Registry } from "@allium/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestCluster } from "./fixtures/cluster.ts";
import { pod, sliceOf } from "./fixtures/pods.ts";
import { type Told, told } from "./fixtures/told.ts";
import type { KubernetesRegistryOptions } from "./kubernetes-registry.ts";

const one = "allium://10.0.0.1:4000";
const two = "allium://10.0.0.2:4000";
const three = "allium://10.0.0.3:4000";

let cluster: TestCluster;
let logged: string[];
const logger: Logger = { log: (level, message) => logged.push(`${level} ${message}`) };
const out = "warn the API server does not answer; going on with what is known";
const back = "info the API server answers again";

beforeEach(async () => {
	cluster = await TestCluster.start();
	logged = [];
	cluster.server.store.put(sliceOf("orders", [pod("10.0.0.1")]));
});
afterEach(() => cluster.close());

/** Watches a registry until the server has a watch. */
async function watched(
	options: KubernetesRegistryOptions = {},
	url = "kubernetes:",
): Promise<Told & { registry: Registry }> {
	const registry = await cluster.open(url, { logger, graceMs: 300, ...options });
	const watch = told(registry);
	await expect.poll(() => watch.events).toEqual([`snapshot ${one}`]);
	await expect.poll(() => cluster.server.watching).toBe(1);
	return { ...watch, registry };
}

function show(...addresses: string[]): void {
	cluster.server.store.put(
		sliceOf(
			"orders",
			addresses.map((address) => pod(address)),
		),
	);
}

/** The requests for watches so far. */
function watches() {
	return cluster.server.requests.filter(({ query }) => query.watch === "1");
}

/** The requests for lists so far, without the one that each opening makes. */
function lists() {
	return cluster.server.requests.filter(({ query }) => query.watch === undefined && query.limit !== "1");
}

describe("a watch", () => {
	test("tells what comes, changes and goes", async () => {
		const { events } = await watched();
		show("10.0.0.1", "10.0.0.2");
		await expect.poll(() => events.slice(1)).toEqual([`up ${two}`]);
		const draining = pod("10.0.0.1", { conditions: { ready: false, serving: true, terminating: true } });
		cluster.server.store.put(sliceOf("orders", [draining, pod("10.0.0.2")]));
		await expect.poll(() => events.slice(2)).toEqual([`up ${one} draining`]);
		show("10.0.0.2");
		await expect.poll(() => events.slice(3)).toEqual([`down ${one} released`]);
	});

	test("begins at the version of the list, and asks for bookmarks", async () => {
		const version = String(cluster.server.store.version);
		await watched();
		expect(watches()[0]?.query).toMatchObject({ resourceVersion: version, allowWatchBookmarks: "true" });
		expect(Number(watches()[0]?.query.timeoutSeconds)).toBeGreaterThanOrEqual(300);
	});

	test("that the server ends goes on where it was", async () => {
		const { events } = await watched();
		show("10.0.0.1", "10.0.0.2");
		await expect.poll(() => events).toHaveLength(2);
		const version = String(cluster.server.store.version);
		cluster.server.endWatches();
		await expect.poll(() => watches()).toHaveLength(2);
		expect(watches()[1]?.query.resourceVersion).toBe(version);
		show("10.0.0.2");
		await expect.poll(() => events.slice(2)).toEqual([`down ${one} released`]);
		expect(lists()).toHaveLength(1);
		expect(logged).toEqual([]);
	});

	test("goes on at the version of the last bookmark, so that a compaction takes nothing from it", async () => {
		cluster.server.bookmarkMs = 20;
		await watched();
		cluster.server.store.changeElsewhere(5_000);
		const { version } = cluster.server.store;
		await expect.poll(() => cluster.server.lastBookmark).toBe(version);
		cluster.server.store.compact();
		cluster.server.endWatches();
		await expect.poll(() => watches()).toHaveLength(2);
		expect(watches()[1]?.query.resourceVersion).toBe(String(version));
		await expect.poll(() => cluster.server.watching).toBe(1);
		expect(lists()).toHaveLength(1);
	});

	test("that was cut tells what it missed, and takes nobody away", async () => {
		const { events } = await watched();
		cluster.server.cut();
		show("10.0.0.1", "10.0.0.2");
		await expect.poll(() => events.slice(1)).toEqual([`up ${two}`]);
		expect(logged).toEqual([out, back]);
		expect(lists()).toHaveLength(1);
	});

	test("that is silent is ended and begun again", async () => {
		cluster.server.isSilent = true;
		const { events } = await watched({ silenceMs: 200 });
		show("10.0.0.1", "10.0.0.2");
		await expect.poll(() => watches().length).toBeGreaterThan(2);
		cluster.server.isSilent = false;
		await expect.poll(() => events.slice(1)).toEqual([`up ${two}`]);
	});

	test("is not silent as long as there are bookmarks", async () => {
		cluster.server.bookmarkMs = 50;
		const before = performance.now();
		const { events } = await watched({ silenceMs: 30_000 });
		await expect.poll(() => performance.now() - before).toBeGreaterThan(500);
		expect(watches()).toHaveLength(1);
		expect(events).toHaveLength(1);
	});

	test("gets over lines that are no events of slices", async () => {
		const { events } = await watched();
		for (const line of ["{", "[]", "null", '{"type":"ADDED"}', '{"type":"ADDED","object":{"kind":"Pod"}}']) {
			cluster.server.send(line);
		}
		show("10.0.0.1", "10.0.0.2");
		await expect.poll(() => events.slice(1)).toEqual([`up ${two}`]);
		expect(logged).toEqual([
			"warn the API server sends something that is not an EndpointSlice; it is left out",
		]);
	});

	test("ends with the registry, and leaves no connection", async () => {
		const { registry, ended } = await watched();
		await registry.close();
		expect(await ended).toBeUndefined();
		await expect.poll(() => cluster.server.watching).toBe(0);
		expect(process.getActiveResourcesInfo()).not.toContain("TLSWrap");
	});

	test("ends with its last consumer", async () => {
		const registry = await cluster.open();
		for await (const event of registry.watch({}, Context.background())) {
			expect(event.type).toBe("snapshot");
			break;
		}
		await expect.poll(() => cluster.server.watching).toBe(0);
	});
});

describe("a version that the server no longer has", () => {
	test.each([
		["refuses at once", true],
		["says so by its first event", false],
	])("is followed by a list, where the server %s", async (_, refusesAtOnce) => {
		cluster.server.refusesAtOnce = refusesAtOnce;
		const { events } = await watched();
		await cluster.server.stop();
		show("10.0.0.1", "10.0.0.2");
		cluster.server.store.compact();
		await cluster.server.listen();
		await expect.poll(() => events.slice(1)).toEqual([`up ${two}`]);
		expect(lists()).toHaveLength(2);
	});

	test("is followed by a list, where the server was set back", async () => {
		const { store } = cluster.server;
		const [slices, version] = [store.slices(), store.version];
		const { events } = await watched();
		show("10.0.0.1", "10.0.0.2");
		await expect.poll(() => events).toHaveLength(2);
		store.restore(slices, version);
		cluster.server.endWatches();
		await expect.poll(() => lists()).toHaveLength(2);
		await expect.poll(() => events.at(-1)).toMatch(`down ${two}`);
	});

	test("while pages are read makes the list begin again", async () => {
		const { store, requests } = cluster.server;
		for (let n = 0; n < 150; n++) store.put(sliceOf(`s${n}`, [pod(`10.1.0.${n}`)]));
		const shop = await cluster.open();
		requests.length = 0;
		let pages = 0;
		cluster.server.onPage = () => {
			if (++pages !== 2) return;
			store.put(sliceOf("late", [pod("10.2.0.1")]));
			store.compact();
		};
		expect(await shop.list()).toHaveLength(152);
		expect(requests.map(({ query }) => query.continue !== undefined)).toEqual([false, true, false, true]);
	});
});

describe("an outage", () => {
	test("takes nobody away, and is logged once", async () => {
		const { events, registry } = await watched();
		await cluster.server.stop();
		await expect.poll(() => logged).toEqual([out]);
		await expect(registry.list()).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringMatching(/^the API server at \S+ cannot be reached: /),
		});
		await cluster.server.listen();
		show("10.0.0.1", "10.0.0.3");
		await expect.poll(() => events.slice(1)).toEqual([`up ${three}`]);
		expect(logged).toEqual([out, back]);
	});

	test("is followed by a list that takes nobody away until the grace is over", async () => {
		const { events } = await watched({ graceMs: 2_000 });
		await cluster.server.stop();
		await expect.poll(() => logged).toEqual([out]);
		show("10.0.0.2");
		cluster.server.store.compact();
		const backAt = performance.now();
		await cluster.server.listen();
		await expect.poll(() => events.slice(1)).toEqual([`up ${two}`, `down ${one}`]);
		expect(performance.now() - backAt).toBeGreaterThan(1_900);
	});

	test("before anything is known ends the watch with an error", async () => {
		const registry = await cluster.open();
		await cluster.server.stop();
		expect(await told(registry).ended).toMatchObject({ code: "unavailable" });
	});

	test.each([
		[
			500,
			'{"kind":"Status","code":500,"message":"etcdserver: leader changed"}',
			"answers 500 .*leader changed",
		],
		[502, "<html>", "answers 502"],
		[200, "<html>", "answers no JSON to the request to list"],
		[200, "{}", "answers something else than a list"],
	])("may be an answer: %s %s", async (status, body, sentence) => {
		const { registry, events } = await watched();
		cluster.server.answersInstead = { status, body };
		cluster.server.cut();
		await expect.poll(() => logged).toEqual([out]);
		await expect(registry.list()).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringMatching(sentence),
		});
		cluster.server.answersInstead = undefined;
		await expect.poll(() => logged).toEqual([out, back]);
		expect(events).toHaveLength(1);
	});

	test("a server that does not answer in time is one", async () => {
		cluster.server.delayMs = 30_000;
		await expect(cluster.open("kubernetes:?answerMs=100")).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining("did not answer within 100 ms"),
		});
	});
});

describe("credentials", () => {
	test("of a service account are sent, and read again when the server refuses them", async () => {
		const { registry } = await watched();
		expect(watches()[0]?.token).toBe("first-token");
		cluster.server.tokens.delete("first-token");
		cluster.server.tokens.add("second-token");
		cluster.writeToken("second-token\n");
		expect(await registry.list()).toHaveLength(1);
		expect(cluster.server.requests.at(-1)?.token).toBe("second-token");
		cluster.server.endWatches();
		await expect.poll(() => watches().at(-1)?.token).toBe("second-token");
		expect(logged).toEqual([]);
	});

	test("that stay refused are told in one sentence, and take nobody away", async () => {
		const { registry, events } = await watched();
		cluster.server.tokens.clear();
		await expect(registry.list()).rejects.toMatchObject({
			code: "unauthenticated",
			message: expect.stringMatching(
				/refuses the credentials of this process .*; renew the token, or log in again$/,
			),
		});
		cluster.server.cut();
		await expect.poll(() => logged).toEqual([out]);
		cluster.server.tokens.add("third-token");
		cluster.writeToken("third-token");
		await expect.poll(() => logged).toEqual([out, back]);
		expect(events).toHaveLength(1);
	});

	test("without the role are refused in one sentence when the registry is opened", async () => {
		cluster.server.denied.add("shop").add("*");
		await expect(cluster.open()).rejects.toMatchObject({
			code: "permission_denied",
			message: expect.stringMatching(
				/^the API server \S+ does not let this process list endpointslices in the namespace "shop" \(.*forbidden.*\); give it a role with the verbs list and watch/,
			),
		});
		await expect(cluster.open("kubernetes:?namespace=*")).rejects.toMatchObject({
			message: expect.stringContaining("in all namespaces"),
		});
	});

	test("a server of another authority is refused", async () => {
		const other = await TestCluster.start();
		try {
			const { serviceAccountFolder } = other;
			await expect(cluster.open("kubernetes:", { serviceAccountFolder })).rejects.toMatchObject({
				code: "failed_precondition",
				message: expect.stringMatching(
					"the API server at .* cannot be used over TLS: .*(certificate|signature)",
				),
			});
		} finally {
			await other.close();
		}
	});
});

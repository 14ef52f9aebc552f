import { Context, contract, event, memoryRegistry, silentLogger } from "@allium/core";
import type { Broker, EventRecord } from "@allium/core/event";
import { logBroker, memoryGroupState, memoryLog } from "@allium/core/log-broker";
import { memoryViewStore } from "@allium/core/memory-store";
import type { ViewStore } from "@allium/core/store";
import { documents, fold, on, projection } from "@allium/events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as z from "zod";
import { createApp } from "./app.ts";
import type { App } from "./app-type.ts";

const Matches = contract("matches", {
	ended: event({ key: "id", data: z.object({ id: z.string(), winner: z.string() }) }),
});
const winners = documents(
	"winners",
	{ version: 1, initial: { winner: "" }, index: ["winner"] },
	fold(Matches, { ended: (_, { winner }) => ({ winner }) }),
);
const lengths = documents(
	"winners",
	{ version: 2, initial: { length: 0 } },
	fold(Matches, { ended: (_, { winner }) => ({ length: winner.length }) }),
);
const ctx = Context.background();
const apps: App[] = [];
let broker: Broker;
let views: ViewStore;
let app: App;

function create(name: string, viewStore = views): App {
	const created = createApp({
		name,
		env: { NODE_ENV: "test" },
		port: 0,
		host: "127.0.0.1",
		logger: silentLogger,
		registry: memoryRegistry(),
		broker,
		viewStore,
		publishes: [Matches],
	});
	apps.push(created);
	return created;
}

beforeEach(() => {
	broker = logBroker(memoryLog(), memoryGroupState());
	views = memoryViewStore();
	app = create("standings");
});
afterEach(() => Promise.all(apps.splice(0).map((each) => each.stop())));

test("an app builds a view, and reads what was published once it is reached", async () => {
	const reader = app.project(winners);
	await app.start();
	const [receipt] = await app.publish(Matches.ended({ id: "m1", winner: "ann" }), ctx);
	await reader.reached({ topic: "matches", ...(receipt ?? expect.unreachable()) }, ctx);
	expect(await reader.get("m1", ctx)).toEqual({ winner: "ann" });
	expect((await reader.find({ where: { winner: "ann" } }, ctx)).items).toHaveLength(1);
});

test("an app that has started takes no more views, and one version is projected once", async () => {
	app.project(winners);
	expect(() => app.project(winners)).toThrow("is projected already");
	await app.start();
	expect(() => app.project(winners)).toThrow("comes before start()");
});

test("a view that its store cannot keep lets the app not start, and says why", async () => {
	app.project(
		projection("tables", { version: 1, tables: "CREATE TABLE t (id)" }, on(Matches, { ended: () => {} })),
	);
	await expect(app.start()).rejects.toMatchObject({ reason: "not_offered" });
});

test("an app is not ready while its view is built for the first time", async () => {
	app.project(winners);
	await app.start();
	const url = app.addresses.find((address) => address.startsWith("http:")) ?? expect.unreachable();
	await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), { timeout: 10_000 });
});

test("a view that another app projects lets the app not start, and says that it may be read", async () => {
	app.project(winners);
	await app.start();
	const other = create("tables");
	other.project(winners);
	await expect(other.start()).rejects.toMatchObject({
		reason: "other_owner",
		message: expect.stringMatching(
			/^the app standings projects version 1 .* tables cannot: read it .*app\.view\(\)/,
		),
	});
	const reading = create("tables");
	const reader = reading.view(winners);
	await reading.start();
	const [receipt] = await app.publish(Matches.ended({ id: "m1", winner: "ann" }), ctx);
	await reader.reached({ topic: "matches", ...(receipt ?? expect.unreachable()) }, ctx);
	expect(await reader.get("m1", ctx)).toEqual({ winner: "ann" });
});

test("two versions of an app project their own versions of a view, and a roll-back goes on where the old one was", async () => {
	const old = app.project(winners);
	await app.start();
	const ended = async (id: string, winner: string) => {
		const [receipt] = await broker
			.open("matches", {}, ctx)
			.then((topic) => topic.publish([record(id, winner)], ctx));
		return { topic: "matches", ...(receipt ?? expect.unreachable()) };
	};
	await ended("m1", "ann");
	const deployed = create("standings");
	const young = deployed.project(lengths);
	await deployed.start();
	// While both run, each reads its own.
	const position = await ended("m2", "zoe");
	await Promise.all([old.reached(position, ctx), young.reached(position, ctx)]);
	expect(await Promise.all([old.get("m2", ctx), young.get("m1", ctx), young.get("m2", ctx)])).toEqual([
		{ winner: "zoe" },
		{ length: 3 },
		{ length: 3 },
	]);
	await app.stop();
	await young.reached(await ended("m3", "eve"), ctx);
	await deployed.stop();
	const rolledBack = create("standings");
	const again = rolledBack.project(winners);
	await rolledBack.start();
	await again.reached(await ended("m4", "bob"), ctx);
	expect(await again.get("m3", ctx)).toEqual({ winner: "eve" });
});

function record(id: string, winner: string): EventRecord {
	const facts = { version: 1, source: "standings", time: new Date().toISOString(), correlationId: id };
	return { id: `ended-${id}`, type: "matches.ended", key: id, data: { id, winner }, ...facts };
}

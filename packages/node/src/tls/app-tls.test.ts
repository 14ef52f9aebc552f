import { contract, memoryRegistry, method, type Registry } from "@allium/core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import { createApp } from "../app/app.ts";
import type { App, AppOptions } from "../app/app-type.ts";
import { Authority } from "./fixtures/certificates.ts";

const Billing = contract("billing", {
	whoAmI: method({ output: z.object({ identity: z.string() }), effect: "read" }),
});

let authority: Authority;
let registry: Registry;
let files: Record<string, string>;
const apps: App[] = [];

beforeAll(() => {
	authority = new Authority();
	const { cert, key } = authority.issue("both", ["127.0.0.1", "spiffe://shop/orders"]);
	files = { ALLIUM_TLS_CERT: cert, ALLIUM_TLS_KEY: key, ALLIUM_TLS_CA: authority.ca };
});

afterAll(() => authority.remove());

beforeEach(() => {
	registry = memoryRegistry();
});

afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
	await registry.close();
});

function makeApp(env: Record<string, string>, options: Partial<AppOptions> = {}): App {
	const quiet = { host: "127.0.0.1", drainDelayMs: 0, logger: { log() {} } };
	const app = createApp({ name: "billing", registry, env, ...quiet, ...options });
	apps.push(app);
	return app;
}

async function serve(env: Record<string, string>): Promise<App> {
	const app = makeApp(env);
	app.serve(Billing, { whoAmI: async (_, ctx) => ({ identity: ctx.peer?.identity ?? "nobody" }) });
	await app.start();
	return app;
}

test("apps with the same variables find and call each other over mutual TLS", async () => {
	const billing = await serve(files);
	expect(billing.addresses.map((address) => new URL(address).protocol)).toEqual(["allium+tls:", "https:"]);
	const caller = makeApp(files).client(Billing);
	expect(await caller.whoAmI({})).toEqual({ identity: "spiffe://shop/orders" });
});

test("an app without a certificate does not get in", async () => {
	await serve(files);
	const caller = makeApp({ ALLIUM_TLS_CA: authority.ca }).client(Billing);
	await expect(caller.whoAmI({})).rejects.toMatchObject({ code: "unavailable" });
});

test("an app that trusts an authority calls over TLS, and serves without", async () => {
	await serve({ ...files, ALLIUM_TLS_CLIENTS: "ignore" });
	const caller = makeApp({ ALLIUM_TLS_CA: authority.ca }, { name: "caller" });
	await caller.start();
	expect(caller.addresses.map((address) => new URL(address).protocol)).toEqual(["allium:", "http:"]);
	expect(await caller.client(Billing).whoAmI({})).toEqual({ identity: "nobody" });
});

test("limits of an app reach its port and its frames", async () => {
	const app = makeApp({}, { limits: { messageBytes: 100, frames: { maxStreams: 3 } } });
	app.serve(Billing, { whoAmI: async () => ({ identity: "nobody" }) });
	await app.start();
	const url = app.addresses.find((address) => address.startsWith("http:"));
	const headers = { "content-type": "application/json" };
	const body = JSON.stringify({ text: "x".repeat(200) });
	const response = await fetch(`${url}/billing/whoAmI`, { method: "POST", headers, body });
	expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
	expect(await app.client(Billing).whoAmI({})).toEqual({ identity: "nobody" });
});

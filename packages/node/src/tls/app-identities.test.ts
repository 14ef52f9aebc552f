import {
	allowApps,
	Context,
	contract,
	createClient,
	memoryRegistry,
	method,
	only,
	type Registry,
} from "@allium/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { createApp } from "../app/app.ts";
import type { App, AppOptions } from "../app/app-type.ts";
import { describeService } from "../discovery/ask-instance.ts";
import { httpUrlOf } from "../discovery/http-url.ts";
import { nodeDialers } from "../pipe/node-transports.ts";
import { Authority } from "./fixtures/certificates.ts";
import { tlsFolder } from "./tls-folder.ts";

const Stock = contract("stock", {
	whoCalls: method({ output: z.object({ app: z.string(), identity: z.string() }), effect: "read" }),
	take: method({}),
});

let authority: Authority;
let registry: Registry;
const apps: App[] = [];

beforeAll(() => {
	authority = new Authority();
	// Certificates that name no host: where a process runs does not matter.
	for (const app of ["stock", "shop", "web"]) authority.issueApp(app, [`spiffe://default/${app}`]);
	authority.issueApp("elsewhere", ["spiffe://green/shop"]);
	authority.issueApp("by-host", ["127.0.0.1", "shop"]);
});

afterAll(() => authority.remove());

beforeEach(() => {
	registry = memoryRegistry();
});

afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
	await registry.close();
});

function makeApp(name: string, env: Record<string, string> = {}, options: Partial<AppOptions> = {}): App {
	const quiet = { host: "127.0.0.1", drainDelayMs: 0, logger: { log() {} } };
	const app = createApp({
		name,
		registry,
		env: { ALLIUM_TLS: authority.folder, ...env },
		...quiet,
		...options,
	});
	apps.push(app);
	return app;
}

async function serveStock(name = "stock", env: Record<string, string> = {}): Promise<App> {
	const app = makeApp(name, env);
	app.serve(
		Stock,
		{
			whoCalls: async (_, { peer }) => ({ app: peer?.app ?? "nobody", identity: peer?.identity ?? "none" }),
			take: async () => ({}),
		},
		{ middleware: [only("take", allowApps(["shop"]))] },
	);
	await app.start();
	return app;
}

describe("apps with a folder of certificates", () => {
	test("find and call one another, whatever their addresses, and prove their names", async () => {
		const stock = await serveStock();
		expect(stock.addresses.map((address) => new URL(address).protocol)).toEqual(["allium+tls:", "https:"]);
		const caller = makeApp("shop").client(Stock);
		expect(await caller.whoCalls({})).toEqual({ app: "shop", identity: "spiffe://default/shop" });
	});

	test("let in callers by name", async () => {
		await serveStock();
		expect(await makeApp("shop").client(Stock).take({})).toEqual({});
		await expect(makeApp("web").client(Stock).take({})).rejects.toMatchObject({
			code: "permission_denied",
			message: "stock/take is not allowed to spiffe://default/web",
		});
	});

	test("tell apart apps of one name in two namespaces", async () => {
		await serveStock();
		const env = { ALLIUM_TLS: `${authority.folder}/elsewhere` };
		const stranger = makeApp("shop", env).client(Stock);
		expect(await stranger.whoCalls({})).toEqual({ app: "nobody", identity: "spiffe://green/shop" });
		await expect(stranger.take({})).rejects.toMatchObject({ code: "permission_denied" });
	});

	test("do not take a host for an app", async () => {
		await serveStock();
		const env = { ALLIUM_TLS: `${authority.folder}/by-host` };
		await expect(makeApp("shop", env).client(Stock).take({})).rejects.toMatchObject({
			code: "permission_denied",
		});
	});

	test("do not call a process that has the certificate of another app than it registered as", async () => {
		await serveStock("stock", { ALLIUM_TLS: `${authority.folder}/web` });
		await expect(makeApp("shop").client(Stock).whoCalls({})).rejects.toMatchObject({
			code: "unavailable",
			notExecuted: true,
			message: expect.stringContaining(
				"the certificate there is that of spiffe://default/web, and the registry says that spiffe://default/stock runs there; give each app a certificate of its own",
			),
		});
	});

	test("do not call a process without TLS, whatever the registry says", async () => {
		const impostor = await serveStock("stock", { ALLIUM_TLS: "" });
		expect(impostor.addresses.map((address) => new URL(address).protocol)).toEqual(["allium:", "http:"]);
		const sentence = "without TLS nobody there can prove to be spiffe://default/stock";
		await expect(makeApp("shop").client(Stock).take({})).rejects.toMatchObject({
			code: "unavailable",
			notExecuted: true,
			message: expect.stringContaining(sentence),
		});
		const tls = tlsFolder(authority.folder, "shop");
		const url = httpUrlOf(impostor.addresses) ?? "";
		const identity = "spiffe://default/stock";
		const asked = describeService(url, "stock", Context.background(), { tls, identity });
		await expect(asked).rejects.toThrow(sentence);
		// An address that code gives is called as it is.
		const byUrl = makeApp("shop").client(Stock, { url });
		expect(await byUrl.whoCalls({})).toEqual({ app: "nobody", identity: "none" });
	});

	test("check the host instead, where the address comes from code", async () => {
		const stock = await serveStock();
		const url = stock.addresses[0] ?? "";
		const caller = makeApp("shop").client(Stock, { url });
		await expect(caller.whoCalls({})).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringMatching(/127\.0\.0\.1.*give the server a certificate that names this host/),
		});
	});

	test("check the host instead of the app, where they are told to", async () => {
		const env = { ALLIUM_TLS: `${authority.folder}/by-host`, ALLIUM_TLS_SERVERS: "host" };
		await serveStock("stock", env);
		const caller = makeApp("shop", env).client(Stock);
		expect(await caller.whoCalls({})).toEqual({ app: "nobody", identity: "shop" });
	});

	test("are called over HTTPS with the same proof", async () => {
		const stock = await serveStock();
		const https = stock.addresses.find((address) => address.startsWith("https:")) ?? "";
		const tls = tlsFolder(authority.folder, "shop");
		const instances = await registry.list({ service: "stock" });
		const { id, ...facts } = instances[0] ?? expect.unreachable();
		const elsewhere = memoryRegistry();
		const ctx = Context.background();
		await elsewhere.register({ ...facts, id, addresses: [https] }, ctx);
		await using client = createClient(Stock, {
			registry: elsewhere,
			transports: nodeDialers(undefined, { tls }),
		});
		expect(await client.whoCalls({})).toMatchObject({ app: "shop" });
		await elsewhere.close();
	});

	test("describe themselves to those who expect them", async () => {
		const stock = await serveStock();
		const url = httpUrlOf(stock.addresses) ?? "";
		const tls = tlsFolder(authority.folder, "shop");
		const ask = (identity: string) => describeService(url, "stock", Context.background(), { tls, identity });
		expect(await ask("spiffe://default/stock")).toMatchObject({ name: "stock" });
		await expect(ask("spiffe://default/web")).rejects.toThrow("that of spiffe://default/stock");
	});
});

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Server } from "node:net";
import { Context, contract, type Instance, memoryRegistry, method } from "@allium/core";
import { get, routes } from "@allium/core/http";
import { expect, test } from "vitest";
import * as z from "zod";
import { Authority } from "../certificates/authority.ts";
import { createApp } from "./app.ts";

const Rates = contract("rates", {
	find: method({
		input: z.object({ base: z.string() }),
		output: z.object({ rate: z.number() }),
		effect: "read",
	}),
});
const rateRoutes = routes(Rates, { find: get("/rates/{base}") });

interface PlainService extends AsyncDisposable {
	/** Without the scheme. */
	readonly host: string;
}

function answer(request: IncomingMessage, response: ServerResponse): void {
	response.writeHead(request.url === "/rates/eur" ? 200 : 404).end('{"rate":1.5}');
}

async function listening(server: Server & { closeAllConnections(): void }): Promise<PlainService> {
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	return {
		host: `127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

test("a client with routes calls a plain web service that the registry lists, or that is given", async () => {
	await using service = await listening(createServer(answer));
	const url = `http://${service.host}`;
	const registry = memoryRegistry();
	const foreign: Instance = {
		id: "rates",
		app: "rates",
		namespace: "default",
		addresses: [url],
		services: [{ name: "rates", version: "", hash: "" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "",
		foreign: true,
	};
	await registry.register(foreign, Context.background());
	const app = createApp({ name: "caller", env: {}, registry, logger: { log() {} } });
	const listed = app.client(Rates, { routes: rateRoutes });
	const given = app.client(Rates, { routes: rateRoutes, url });
	expect(await listed.find({ base: "eur" })).toEqual({ rate: 1.5 });
	expect(await given.find({ base: "eur" })).toEqual({ rate: 1.5 });
	await expect(app.client(Rates).find({ base: "eur" })).rejects.toThrow(
		'with the option "routes" of app.client()',
	);
	expect(() => app.client(Rates, { routes: rateRoutes, url: "allium://127.0.0.1:1" })).toThrow("cannot call");
	await app.stop();
});

test("over https, it proves its identity and trusts the authority that ALLIUM_TLS names", async () => {
	const authority = Authority.create();
	const own = authority.issue({ name: "rates", names: ["127.0.0.1"] });
	const caller = authority.issue({ name: "shop", names: ["spiffe://default/shop"] });
	const ca = authority.pair.certificate;
	await using service = await listening(
		createSecureServer({ cert: own.certificate, key: own.key, ca, requestCert: true }, answer),
	);
	const url = `https://${service.host}`;
	const calling = (env: Record<string, string>) => {
		const app = createApp({ name: "caller", env, registry: memoryRegistry(), logger: { log() {} } });
		return { app, rates: app.client(Rates, { routes: rateRoutes, url }) };
	};
	const known = calling({
		ALLIUM_TLS_CERT: caller.certificate,
		ALLIUM_TLS_KEY: caller.key,
		ALLIUM_TLS_CA: ca,
	});
	expect(await known.rates.find({ base: "eur" })).toEqual({ rate: 1.5 });
	for (const env of [{}, { ALLIUM_TLS_CA: ca }]) {
		const { app, rates } = calling(env);
		await expect(rates.find({ base: "eur" })).rejects.toMatchObject({ code: "unavailable" });
		await app.stop();
	}
	await known.app.stop();
});

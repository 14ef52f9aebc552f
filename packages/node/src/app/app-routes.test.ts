import { createServer } from "node:http";
import { Context, contract, type Instance, memoryRegistry, method } from "@allium/core";
import { get, routes } from "@allium/core/http";
import { expect, test } from "vitest";
import * as z from "zod";
import { createApp } from "./app.ts";

const Rates = contract("rates", {
	find: method({
		input: z.object({ base: z.string() }),
		output: z.object({ rate: z.number() }),
		effect: "read",
	}),
});
const rateRoutes = routes(Rates, { find: get("/rates/{base}") });

async function plainService(): Promise<{ readonly url: string } & AsyncDisposable> {
	const server = createServer((request, response) => {
		response.writeHead(request.url === "/rates/eur" ? 200 : 404).end('{"rate":1.5}');
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	return {
		url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`,
		async [Symbol.asyncDispose]() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

test("a client with routes calls a plain web service that the registry lists, or that is given", async () => {
	await using service = await plainService();
	const registry = memoryRegistry();
	const foreign: Instance = {
		id: "rates",
		app: "rates",
		namespace: "default",
		addresses: [service.url],
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
	const given = app.client(Rates, { routes: rateRoutes, url: service.url });
	expect(await listed.find({ base: "eur" })).toEqual({ rate: 1.5 });
	expect(await given.find({ base: "eur" })).toEqual({ rate: 1.5 });
	await expect(app.client(Rates).find({ base: "eur" })).rejects.toThrow(
		'with the option "routes" of app.client()',
	);
	expect(() => app.client(Rates, { routes: rateRoutes, url: "allium://127.0.0.1:1" })).toThrow("cannot call");
	await app.stop();
});

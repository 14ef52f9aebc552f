import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import {
	Context,
	contract,
	createClient,
	type Instance,
	isError,
	memoryRegistry,
	method,
	stream,
} from "../index.ts";
import { get, patch, post, routes } from "../routes/routes.ts";
import { fetchTransport } from "./fetch-transport.ts";
import { routeTransport } from "./route-transport.ts";

const Rates = contract("rates", {
	find: method({
		input: z.object({ base: z.string(), on: z.string().optional(), to: z.array(z.string()).optional() }),
		output: z.object({ rate: z.number() }),
		errors: {
			no_rate: { code: "not_found", message: "there is no such rate", data: z.object({ base: z.string() }) },
		},
		effect: "read",
	}),
	file: method({ input: z.object({ path: z.string() }), output: z.object({}), effect: "read" }),
	set: method({ input: z.object({ base: z.string(), rate: z.number() }), output: z.object({}) }),
	change: method({ input: z.object({ base: z.string(), rate: z.number() }), output: z.object({}) }),
	unrouted: method({}),
	follow: method({ output: stream(z.object({})) }),
});
const rateRoutes = routes(Rates, {
	find: get("/rates/{base}"),
	file: get("/files/{path+}"),
	set: post("/rates"),
	change: patch("/rates/{base}"),
});

/** A plain web service, which says what it was asked. */
let server: Server;
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let url: string;

beforeEach(async () => {
	asked = [];
	answer = (_, response) => response.end('{"rate":1.5}');
	server = createServer(async (request, response) => {
		asked.push(`${request.method} ${request.url} ${await text(request)}`.trimEnd());
		answer(request, response);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterEach(async () => {
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
});

function client() {
	return createClient(Rates, { url, transports: [routeTransport(rateRoutes)] });
}

describe("an input", () => {
	test("fills the path, and the query has the rest where the verb has no body", async () => {
		await using rates = client();
		expect(await rates.find({ base: "a/b ü", on: "2026-01-01", to: ["x", "y&z"] })).toEqual({ rate: 1.5 });
		await rates.file({ path: "a b/c" });
		expect(asked).toEqual(["GET /rates/a%2Fb%20%C3%BC?on=2026-01-01&to=x&to=y%26z", "GET /files/a%20b/c"]);
	});

	test("fills the path, and the body has the rest where there is one", async () => {
		await using rates = client();
		await rates.set({ base: "eur", rate: 2 });
		await rates.change({ base: "eur", rate: 3 });
		expect(asked).toEqual(['POST /rates {"base":"eur","rate":2}', 'PATCH /rates/eur {"rate":3}']);
	});

	test.each(["..", ".", ""])("does not lead to another path: %j", async (base) => {
		await using rates = client();
		await expect(rates.find({ base })).rejects.toMatchObject({ code: "invalid_argument" });
		await expect(rates.file({ path: `a/${base}/b` })).rejects.toMatchObject({ code: "invalid_argument" });
		expect(asked).toEqual([]);
	});
});

describe("an answer", () => {
	test("of success may have any status of success, and no body", async () => {
		answer = (_, response) => response.writeHead(204).end();
		await using rates = client();
		expect(await rates.set({ base: "eur", rate: 2 })).toEqual({});
	});

	test("of an error has the code of its status", async () => {
		answer = (_, response) =>
			response.writeHead(409, { "content-type": "text/html" }).end("<h1>conflict</h1>");
		await using rates = client();
		await expect(rates.set({ base: "eur", rate: 2 })).rejects.toMatchObject({
			code: "aborted",
			message: "POST /rates was answered 409",
		});
	});

	test("of a declared error is that error", async () => {
		const body = { code: "not_found", reason: "no_rate", message: "no", data: { base: "eur" } };
		answer = (_, response) => response.writeHead(404).end(JSON.stringify(body));
		await using rates = client();
		const error = await rates.find({ base: "eur" }).catch((thrown: unknown) => thrown);
		expect(isError(error, Rates.find.error.no_rate) && error.data).toEqual({ base: "eur" });
	});

	test("that is a redirect leads nowhere", async () => {
		answer = (_, response) => response.writeHead(302, { location: "http://169.254.169.254/" }).end();
		await using rates = client();
		await expect(rates.find({ base: "eur" })).rejects.toMatchObject({ code: "unknown" });
		expect(asked.length).toBe(1);
	});

	test("that is no JSON, too large or broken off is an error", async () => {
		await using rates = createClient(Rates, {
			url,
			transports: [routeTransport(rateRoutes, { maxMessageBytes: 100 })],
		});
		for (const [body, code] of [
			["<html>", "invalid_argument"],
			["x".repeat(101), "resource_exhausted"],
		] as const) {
			answer = (_, response) => response.end(body);
			await expect(rates.set({ base: "eur", rate: 2 })).rejects.toMatchObject({ code });
		}
		answer = (_, response) => {
			response.writeHead(200, { "content-length": "50" }).write("{");
			response.destroy();
		};
		await expect(rates.set({ base: "eur", rate: 2 })).rejects.toMatchObject({ code: "unavailable" });
	});
});

test("a call ends with its deadline, and with its client", async () => {
	answer = () => {};
	const rates = client();
	const ctx = Context.background().withTimeout(50);
	await expect(rates.set({ base: "eur", rate: 2 }, ctx)).rejects.toMatchObject({ code: "deadline_exceeded" });
	const call = rates.set({ base: "eur", rate: 2 });
	await expect.poll(() => asked.length).toBe(2);
	await rates[Symbol.asyncDispose]();
	await expect(call).rejects.toMatchObject({ code: "unavailable", reason: "client_closed" });
});

test("a method without a route, and a stream, cannot be called", async () => {
	await using rates = client();
	await expect(rates.unrouted({})).rejects.toMatchObject({ code: "unimplemented", reason: "no_route" });
	const all = async (): Promise<void> => {
		for await (const _ of rates.follow({}));
	};
	await expect(all()).rejects.toMatchObject({ code: "unimplemented" });
});

describe("a foreign instance", () => {
	function foreign(): Instance {
		return {
			id: "node/rates",
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
	}

	test("is called by routes", async () => {
		const registry = memoryRegistry();
		await registry.register(foreign(), Context.background());
		await using rates = createClient(Rates, { registry, transports: [routeTransport(rateRoutes)] });
		expect(await rates.find({ base: "eur" })).toEqual({ rate: 1.5 });
	});

	test("is not called by name, and the error says what to do", async () => {
		const registry = memoryRegistry();
		await registry.register(foreign(), Context.background());
		await using rates = createClient(Rates, { registry, transports: [fetchTransport()] });
		await expect(rates.find({ base: "eur" })).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining(
				"is a plain web service, which knows no contracts: call it by REST routes",
			),
		});
		expect(asked).toEqual([]);
	});
});

import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { promisify } from "node:util";
import {
	type Context,
	contract,
	describeGuard,
	Endpoints,
	type Guard,
	method,
	onSettled,
	ServiceError,
} from "@allium/core";
import type { OpenApiDocument } from "@allium/core/http";
import { del, get, patch, post, put, routes } from "@allium/core/http";
import type { Listener } from "@allium/core/transport";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { listen } from "../server/server.ts";

const Item = z.object({ id: z.string(), size: z.int(), tags: z.array(z.string()).default([]) });

const Items = contract("items", {
	create: method({
		input: z.object({ size: z.int(), tags: z.array(z.string()).default([]) }),
		output: Item,
		errors: { full: { code: "resource_exhausted", message: 'no room for "more"' } },
	}),
	get: method({
		input: z.object({ id: z.string(), depth: z.int().default(1), tags: z.array(z.string()).default([]) }),
		output: z.object({ id: z.string(), depth: z.int(), tags: z.array(z.string()) }),
		errors: { no_item: { code: "not_found" } },
		effect: "read",
	}),
	newest: method({ output: z.object({ id: z.string() }), effect: "read" }),
	change: method({ input: z.object({ id: z.string(), size: z.int() }), output: Item }),
	remove: method({ input: z.object({ id: z.string() }) }),
	touch: method({ input: z.object({ id: z.string() }), output: z.object({ id: z.string() }) }),
	file: method({
		input: z.object({ path: z.string() }),
		output: z.object({ path: z.string() }),
		effect: "read",
	}),
	search: method({
		input: z.object({
			filter: z.object({ below: z.int(), open: z.boolean() }).partial().default({}),
			labels: z.record(z.string(), z.int()).default({}),
		}),
		output: z.object({ filter: z.unknown(), labels: z.unknown() }),
		effect: "read",
	}),
	hang: method({ effect: "read" }),
	crash: method({}),
	busy: method({}),
});

const itemRoutes = routes(Items, {
	create: post("/items", {
		status: 201,
		location: "/items/{id}",
		errors: {
			unparsable: { type: "text/plain; charset=utf-8", body: "Failed to parse" },
			invalid_input: { status: 422, type: "text/plain; charset=utf-8", body: "Invalid item" },
			full: { status: 507, type: "application/json", body: '{"error":"{message}","code":"{reason}"}' },
		},
	}),
	get: get("/items/{id}"),
	newest: get("/items/latest"),
	change: [put("/items/{id}"), patch("/items/{id}")],
	remove: del("/items/{id}", { status: 204 }),
	touch: post("/items/{id}/touch"),
	file: get("/files/{path+}"),
	search: get("/search"),
	hang: get("/hang"),
	crash: post("/crash"),
	busy: post("/busy"),
});

const log: { ended: string[]; outcomes: boolean[]; running: number; ctx: Context | undefined } = {
	ended: [],
	outcomes: [],
	running: 0,
	ctx: undefined,
};

const guard: Guard = ({ path, metadata }, ctx) => {
	if (metadata.get("x-stranger") === undefined) return ctx;
	throw new ServiceError({ code: "permission_denied", message: `not ${path}` });
};

let listener: Listener;
let url: string;

beforeAll(async () => {
	const endpoints = new Endpoints({ guard });
	endpoints.serve(
		Items,
		{
			async create({ size, tags }, ctx) {
				ctx.response.headers.set("x-made", "yes");
				if (size > 100) throw Items.create.error.full();
				return { id: `${size}/ä`, size, tags };
			},
			async get({ id, depth, tags }, ctx) {
				onSettled(ctx, ({ ok }) => log.outcomes.push(ok));
				if (id === "none") throw Items.get.error.no_item();
				return { id, depth, tags };
			},
			newest: async () => ({ id: "newest" }),
			change: async ({ id, size }) => ({ id, size }),
			async remove(_, ctx) {
				onSettled(ctx, ({ ok }) => log.outcomes.push(ok));
			},
			touch: async ({ id }) => ({ id }),
			file: async ({ path }) => ({ path }),
			search: async (input) => input,
			async hang(_, ctx) {
				log.running++;
				onSettled(ctx, ({ ok }) => log.outcomes.push(ok));
				await new Promise<void>((resolve) => ctx.signal.addEventListener("abort", () => resolve()));
				log.ended.push(ctx.error?.code ?? "");
			},
			async crash() {
				throw new TypeError("secret");
			},
			async busy() {
				throw new ServiceError({ code: "unavailable", retryAfterMs: 1500 });
			},
		},
		{ routes: itemRoutes },
	);
	listener = await listen(endpoints, { limits: { bodyTimeoutMs: 150, messageBytes: 10_000 } });
	url = listener.addresses[0] as string;
});

beforeEach(() => {
	Object.assign(log, { ended: [], outcomes: [], running: 0 });
});

afterAll(() => listener.close());

const json = { "content-type": "application/json" };

function send(
	verb: string,
	path: string,
	body?: unknown,
	headers: Record<string, string> = json,
): Promise<Response> {
	const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
	return fetch(`${url}${path}`, { method: verb, headers, ...(text !== undefined && { body: text }) });
}

async function answer(response: Response | Promise<Response>): Promise<[number, unknown]> {
	const { status, body } = await Promise.resolve(response).then(async (each) => ({
		status: each.status,
		body: await each.text(),
	}));
	return [status, body === "" ? "" : body.startsWith("{") ? JSON.parse(body) : body];
}

/** Sends bytes. Resolves with the first bytes that arrive. */
async function firstBytes(bytes: string): Promise<string> {
	const socket = connect(Number(new URL(url).port), "127.0.0.1");
	socket.write(bytes);
	const [data] = (await once(socket, "data")) as [Buffer];
	socket.destroy();
	return data.toString();
}

describe("a route", () => {
	test("answers with its status, its headers and the output", async () => {
		const response = await send("POST", "/items", { size: 9 });
		expect(response.headers.get("location")).toBe("/items/9%2F%C3%A4");
		expect(response.headers.get("content-type")).toBe("application/json");
		expect(response.headers.get("x-made")).toBe("yes");
		expect(await answer(response)).toEqual([201, { id: "9/ä", size: 9, tags: [] }]);
	});

	test("takes its input from the path, the query and the body, coerced by the schema", async () => {
		expect(await answer(send("GET", "/items/7?depth=3&tags=a&tags=b&id=9"))).toEqual([
			200,
			{ id: "7", depth: 3, tags: ["a", "b"] },
		]);
		expect(await answer(send("GET", "/items/a%2Fb%20c?tags=%C3%A4+x"))).toEqual([
			200,
			{ id: "a/b c", depth: 1, tags: ["ä x"] },
		]);
		expect(await answer(send("PUT", "/items/7", { id: "9", size: 1 }))).toEqual([
			200,
			{ id: "7", size: 1, tags: [] },
		]);
		expect(await answer(send("PATCH", "/items/7?size=2", ""))).toEqual([200, { id: "7", size: 2, tags: [] }]);
		expect(await answer(send("GET", "/files/a/b/c.txt"))).toEqual([200, { path: "a/b/c.txt" }]);
	});

	test("takes objects and records from the query", async () => {
		expect(await answer(send("GET", "/search?filter[below]=5&filter[open]=true&labels[a]=1"))).toEqual([
			200,
			{ filter: { below: 5, open: true }, labels: { a: 1 } },
		]);
		expect(await answer(send("GET", "/search?filter%5Bbelow%5D=x"))).toMatchObject([
			400,
			{ data: { issues: [{ path: ["filter", "below"] }] } },
		]);
	});

	test("never leads out of a folder", async () => {
		for (const path of [
			"/files/../etc/passwd",
			"/files/a/%2e%2e/b",
			"/files/a%2F..%2Fb",
			"/files//etc/passwd",
		])
			expect(await firstBytes(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`)).toMatch(/^HTTP\/1\.1 404 /);
	});

	test("that is specific comes before a general one", async () => {
		expect(await answer(send("GET", "/items/latest"))).toEqual([200, { id: "newest" }]);
	});

	test("without content has no body", async () => {
		const response = await send("DELETE", "/items/7", undefined, {});
		expect(response.headers.get("content-length")).toBeNull();
		expect(response.headers.get("content-type")).toBeNull();
		expect(await answer(response)).toEqual([204, ""]);
	});

	test("answers HEAD as GET, without the body", async () => {
		const response = await send("HEAD", "/items/7", undefined, {});
		expect(response.headers.get("content-length")).toBe("30");
		expect(await answer(response)).toEqual([200, ""]);
	});

	test("takes an empty body", async () => {
		expect(await answer(send("POST", "/items/7/touch", undefined, {}))).toEqual([200, { id: "7" }]);
		expect(await answer(send("POST", "/items/7/touch", ""))).toEqual([200, { id: "7" }]);
	});

	test("leaves the same method where it always is", async () => {
		expect(await answer(send("POST", "/items/create", { size: 9 }))).toEqual([
			200,
			{ id: "9/ä", size: 9, tags: [] },
		]);
		expect(await answer(send("GET", "/items/newest?message={}"))).toEqual([200, { id: "newest" }]);
		// It lists only the verbs of calls.
		expect(await answer(send("GET", "/items/create"))).toMatchObject([200, { id: "create" }]);
	});

	test("leaves the front page and the operations routes", async () => {
		expect(await answer(send("GET", "/healthz"))).toEqual([200, { ok: true }]);
		const [status, page] = await answer(send("GET", "/"));
		expect(status).toBe(200);
		expect(page).toContain("PATCH /items/{id}\n");
	});
});

describe("errors", () => {
	test("are JSON with code, message, reason and data where the route has no template", async () => {
		expect(await answer(send("GET", "/items/none"))).toEqual([
			404,
			{ code: "not_found", message: "no_item", reason: "no_item" },
		]);
		expect(await answer(send("GET", "/items/7?depth=x"))).toMatchObject([
			400,
			{ code: "invalid_argument", reason: "invalid_input", data: { issues: [{ path: ["depth"] }] } },
		]);
		expect(await answer(send("PUT", "/items/7", "{"))).toMatchObject([400, { reason: "unparsable" }]);
		expect(await answer(send("PUT", "/items/7", "[1]"))).toMatchObject([400, { reason: "invalid_input" }]);
	});

	test("are what the templates say", async () => {
		const unparsable = await send("POST", "/items", "{");
		expect(unparsable.headers.get("content-type")).toBe("text/plain; charset=utf-8");
		expect(await answer(unparsable)).toEqual([400, "Failed to parse"]);
		expect(await answer(send("POST", "/items", { size: "x" }))).toEqual([422, "Invalid item"]);
		expect(await answer(send("POST", "/items", { size: 101 }))).toEqual([
			507,
			{ error: 'no room for "more"', code: "full" },
		]);
	});

	test("that are not declared tell nothing", async () => {
		expect(await answer(send("POST", "/crash", {}))).toEqual([
			500,
			{ code: "internal", message: "internal error" },
		]);
	});

	test("say when to come again", async () => {
		const response = await send("POST", "/busy", {});
		expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
	});

	test("of the guard come before the body, and before it is told what a path takes", async () => {
		const stranger = { ...json, "x-stranger": "1" };
		expect(await answer(send("POST", "/items", "{", stranger))).toMatchObject([
			403,
			{ message: "not items/create" },
		]);
		expect(await answer(send("DELETE", "/items", undefined, stranger))).toMatchObject([
			403,
			{ message: "not /items" },
		]);
	});
});

describe("what no route takes", () => {
	test("is 404 where nothing is", async () => {
		for (const path of ["/nothing", "/items/", "/items/7/", "/items/%ff", "/items//touch", "/files"])
			expect(await answer(send("GET", path))).toMatchObject([404, { code: "unimplemented" }]);
	});

	test("is 405 where another verb has one", async () => {
		const response = await send("PUT", "/items", {});
		expect(response.headers.get("allow")).toBe("POST");
		expect(await answer(response)).toMatchObject([405, { message: "/items takes only POST" }]);
		expect((await send("OPTIONS", "/items/7")).headers.get("allow")).toBe("GET, HEAD, PUT, PATCH, DELETE");
	});

	test("is 415 where the body is not JSON", async () => {
		for (const type of [
			"text/plain",
			"application/x-www-form-urlencoded",
			"application/jsonp",
			"multipart/form-data",
		]) {
			const response = await send("POST", "/items", '{"size":9}', { "content-type": type });
			expect(response.headers.get("accept")).toBe("application/json");
			expect(await answer(response)).toMatchObject([415, { reason: "unsupported_media_type" }]);
		}
		const merge = { "content-type": "application/merge-patch+json" };
		expect(await answer(send("PATCH", "/items/7", { size: 1 }, merge))).toMatchObject([200, { size: 1 }]);
	});

	test("is a POST without a type from a web page, which a browser sends to other sites unasked", async () => {
		const origin = { origin: "https://evil.example" };
		expect(await answer(send("POST", "/items/7/touch", undefined, origin))).toMatchObject([415, {}]);
		expect(await answer(send("DELETE", "/items/7", undefined, origin))).toEqual([204, ""]);
	});

	test("is a body that is too large, or too slow", async () => {
		expect(await answer(send("POST", "/items", `{"size":1,"x":"${"x".repeat(10_000)}"}`))).toMatchObject([
			429,
			{ code: "resource_exhausted" },
		]);
		const head = "POST /items/7/touch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
		const large = `${(10_001).toString(16)}\r\n${"1".repeat(10_001)}\r\n0\r\n\r\n`;
		expect(await firstBytes(`${head}transfer-encoding: chunked\r\n\r\n${large}`)).toMatch(/^HTTP\/1\.1 429 /);
		expect(await firstBytes(`${head}content-length: 9\r\n\r\n{`)).toMatch(/^HTTP\/1\.1 504 /);
	});

	test("is harmless whatever it is called", async () => {
		const body = '{"__proto__":{"admin":true},"size":1}';
		const path = "/items?__proto__=x&constructor=y&__proto__[z]=1";
		expect(await answer(send("POST", path, body))).toMatchObject([201, { size: 1 }]);
		expect({}).not.toHaveProperty("admin");
		expect({}).not.toHaveProperty("z");
	});
});

describe("a caller that goes away", () => {
	test("cancels the handler", async () => {
		const controller = new AbortController();
		const call = fetch(`${url}/hang`, { signal: controller.signal }).catch((error: Error) => error.name);
		await vi.waitFor(() => expect(log.running).toBe(1));
		controller.abort();
		expect(await call).toBe("AbortError");
		await vi.waitFor(() => expect(log).toMatchObject({ ended: ["canceled"], outcomes: [false] }));
	});

	test("may say how long it waits", async () => {
		const response = send("GET", "/hang", undefined, { "connect-timeout-ms": "50" });
		expect(await answer(response)).toMatchObject([504, { code: "deadline_exceeded" }]);
		await vi.waitFor(() => expect(log.ended).toEqual(["deadline_exceeded"]));
	});
});

describe("curl", () => {
	const run = promisify(execFile);
	const curl = async (...args: string[]): Promise<string> => (await run("curl", ["-sS", ...args])).stdout;

	test.each(["--http1.1", "--http2-prior-knowledge"])("%s", async (version) => {
		const created = await curl(version, "-i", "--json", '{"size":9}', `${url}/items`);
		expect(created).toMatch(/^HTTP\/[0-9.]+ 201/);
		expect(created).toContain("location: /items/9%2F%C3%A4\r\n");
		expect(await curl(version, "-I", `${url}/items/7`)).toMatch(
			/^HTTP\/[0-9.]+ 200[\s\S]*content-length: 30\r\n/,
		);
		expect(await curl(version, "-i", "-X", "DELETE", `${url}/items/7`)).toMatch(/^HTTP\/[0-9.]+ 204/);
		expect(await curl(version, `${url}/items/7?depth=2`)).toBe('{"id":"7","depth":2,"tags":[]}');
		// Each answer was delivered, even where there was no body.
		await vi.waitFor(() => expect(log.outcomes).toEqual([true, true, true]));
	});
});

test("describe publishes the routes", async () => {
	const described = (await (await fetch(`${url}/-/describe/items`)).json()) as { routes: unknown };
	expect(described.routes).toEqual(itemRoutes.routes);
});

test("the document for OpenAPI tools has the routes, and the calls", async () => {
	const response = await fetch(`${url}/-/openapi.json`);
	expect(response.headers.get("content-type")).toBe("application/json");
	const document = (await response.json()) as { openapi: string; info: unknown; paths: object };
	expect(document).toMatchObject({ openapi: "3.1.0", info: { title: "items", version: "0.0.0" } });
	expect(Object.keys(document.paths)).toEqual(expect.arrayContaining(["/items/{id}", "/search"]));
	expect(document.paths).not.toHaveProperty("/items/create");
});

test("the document of a guarded server says what its guard wants", async () => {
	const schemes = { token: { type: "http", scheme: "bearer" } } as const;
	const endpoints = new Endpoints({ guard: describeGuard((_, ctx) => ctx, { schemes, open: ["open"] }) });
	for (const name of ["closed", "open"])
		endpoints.serve(contract(name, { run: method({}) }), { run: async () => {} });
	const guarded = await listen(endpoints);
	const response = await fetch(`${guarded.addresses[0]}/-/openapi.json`);
	const document = (await response.json()) as OpenApiDocument;
	await guarded.close();
	expect(document).toMatchObject({
		components: { securitySchemes: schemes },
		paths: { "/closed/run": { post: { security: [{ token: [] }] } } },
	});
	expect(document.paths["/open/run"]?.post).not.toHaveProperty("security");
});

test("a route that is added is found by the next request with the same head on the same connection", async () => {
	const Things = contract("things", {
		get: method({
			input: z.object({ id: z.string() }),
			output: z.object({ id: z.string() }),
			effect: "read",
		}),
	});
	const News = contract("news", { get: method({ output: z.object({ id: z.string() }), effect: "read" }) });
	const endpoints = new Endpoints();
	endpoints.serve(
		Things,
		{ get: async ({ id }) => ({ id: `thing ${id}` }) },
		{
			routes: routes(Things, { get: get("/things/{id}") }),
		},
	);
	const server = await listen(endpoints);
	const socket = connect(Number(new URL(server.addresses[0] ?? "").port), "127.0.0.1");
	const ask = async (): Promise<string> => {
		socket.write("GET /things/new HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
		const [answer] = (await once(socket, "data")) as [Buffer];
		return answer.toString().split("\r\n\r\n")[1] ?? "";
	};
	expect([await ask(), await ask()]).toEqual(['{"id":"thing new"}', '{"id":"thing new"}']);
	endpoints.serve(
		News,
		{ get: async () => ({ id: "news" }) },
		{ routes: routes(News, { get: get("/things/new") }) },
	);
	expect(await ask()).toBe('{"id":"news"}');
	socket.destroy();
	await server.close();
});

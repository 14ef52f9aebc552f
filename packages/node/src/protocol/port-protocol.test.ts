import { connect } from "node:http2";
import { contract, Endpoints, type Guard, method, ServiceError } from "@allium/core";
import { get, routes } from "@allium/core/http";
import type { Carrier, PortProtocol } from "@allium/node/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type LabLog, openLab } from "../http/fixtures/lab.ts";
import { listen, type ServerOptions } from "../server/server.ts";
import { batch } from "./fixtures/batch.ts";
import { lines } from "./fixtures/lines.ts";

const type = { "content-type": "application/x-lines" };
const refuseStrangers: Guard = ({ metadata }, ctx) => {
	if (metadata.get("x-stranger") === undefined) return ctx;
	throw new ServiceError({ code: "unauthenticated" });
};

let server: Awaited<ReturnType<typeof listen>>;
let log: LabLog;
let url: string;

async function open(options: ServerOptions, guard: Guard = refuseStrangers): Promise<void> {
	const lab = openLab(guard);
	log = lab.log;
	server = await listen(lab.endpoints, options);
	url = server.addresses[0] as string;
}

afterEach(() => server.close());

async function send(path: string, body: string, headers: Record<string, string> = type): Promise<string> {
	return (await fetch(url + path, { method: "POST", body, headers })).text();
}

describe("a protocol from outside of the runtime", () => {
	beforeEach(() => open({ protocols: [lines()], limits: { messageBytes: 1_000 } }));

	test("calls methods, and answers in its own words", async () => {
		expect(await send("/lab/sum", '{"a":1,"b":2}')).toBe('{"v":3}\nok\n');
		expect(await send("/lab/sum", '{"a":0,"b":0}')).toBe("error invalid_argument\n");
	});

	test("streams what a handler yields", async () => {
		expect(await send("/lab/count", '{"upTo":3}')).toBe('{"n":1}\n{"n":2}\n{"n":3}\nok\n');
		expect(await send("/lab/count", '{"upTo":-1}')).toBe("error out_of_range\n");
	});

	test("goes over HTTP/2 as well", async () => {
		const session = connect(url);
		const stream = session.request({ ":method": "POST", ":path": "/lab/sum", ...type });
		stream.end('{"a":1,"b":2}');
		let text = "";
		for await (const chunk of stream) text += chunk;
		expect(text).toBe('{"v":3}\nok\n');
		session.destroy();
	});

	test("leaves all other requests to the port's own protocols", async () => {
		const headers = { "content-type": "application/json" };
		expect(await send("/lab/sum", '{"a":1,"b":2}', headers)).toBe('{"v":3}');
		expect((await fetch(`${url}/healthz`)).status).toBe(200);
		expect(await (await fetch(url)).text()).toContain("Also spoken here: lines");
	});

	test("is guarded before its body is read", async () => {
		expect(await send("/lab/sum", "not JSON", { ...type, "x-stranger": "1" })).toBe(
			"error unauthenticated\n",
		);
	});

	test("is bounded as every call is", async () => {
		expect(await send("/lab/echo", JSON.stringify({ text: "x".repeat(2_000) }))).toBe(
			"error resource_exhausted\n",
		);
		expect(await send("/lab/hang", "{}", { ...type, "connect-timeout-ms": "30" })).toBe(
			"error deadline_exceeded\n",
		);
	});

	test("has its calls cancelled when their clients leave", async () => {
		const leaving = new AbortController();
		const request = { method: "POST", body: "{}", headers: type, signal: leaving.signal };
		const gone = expect(fetch(`${url}/lab/hang`, request)).rejects.toThrow();
		await vi.waitFor(() => expect(log.running).toBe(1));
		leaving.abort();
		await gone;
		await vi.waitFor(() => expect(log.ended).toEqual(["canceled"]));
	});

	test("has its calls waited for while the port drains", async () => {
		const headers = { ...type, "connect-timeout-ms": "300" };
		const answer = send("/lab/hang", "{}", headers);
		await vi.waitFor(() => expect(log.running).toBe(1));
		await server.drain();
		expect(log.running).toBe(0);
		expect(await answer).toBe("error deadline_exceeded\n");
	});
});

describe("one request that carries calls", () => {
	let carriers: Carrier[];
	const json = { "content-type": "application/json" };
	const call = (entries: unknown, headers: Record<string, string> = json): Promise<Response> =>
		fetch(`${url}/batch`, { method: "POST", body: JSON.stringify(entries), headers });

	beforeEach(async () => {
		carriers = [];
		await open({ protocols: [batch((carrier) => carriers.push(carrier))] });
	});

	test("has each of them pass the whole onion", async () => {
		const answer = await call([
			{ path: "lab/sum", input: { a: 1, b: 2 } },
			{ path: "lab/sum", input: { a: "1" } },
			{ path: "lab/count", input: { upTo: 2 } },
			{ path: "lab/none", input: {} },
			{ path: "lab/hang", input: {}, timeoutMs: 20 },
		]);
		expect(
			(await answer.text())
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line)),
		).toEqual([
			{ output: { v: 3 } },
			{ code: "invalid_argument" },
			{ messages: [{ n: 1 }, { n: 2 }] },
			{ code: "unimplemented" },
			{ code: "deadline_exceeded" },
		]);
	});

	test("is guarded for its own path before its body is read", async () => {
		const answer = await call([], { ...json, "x-stranger": "1" });
		expect([answer.status, carriers]).toEqual([401, []]);
	});

	test("is bounded in bytes", async () => {
		expect((await call("x".repeat(2_000))).status).toBe(429);
	});

	test("ends its calls with its client", async () => {
		const leaving = new AbortController();
		const body = JSON.stringify([{ path: "lab/hang", input: {} }]);
		const gone = fetch(`${url}/batch`, { method: "POST", body, signal: leaving.signal }).catch(() => "gone");
		await vi.waitFor(() => expect(log.running).toBe(1));
		leaving.abort();
		await vi.waitFor(() => expect(log.ended).toEqual(["canceled"]));
		expect(carriers[0]?.ctx.error?.code).toBe("canceled");
		await gone;
	});

	test("is waited for while the port drains", async () => {
		const answer = call([{ path: "lab/hang", input: {}, timeoutMs: 300 }]);
		await vi.waitFor(() => expect(log.running).toBe(1));
		await server.drain();
		expect(await (await answer).text()).toBe('{"code":"deadline_exceeded"}\n');
	});
});

describe("claims", () => {
	const Shop = contract("shop", { list: method({ effect: "read" }) });
	const start = (...protocols: PortProtocol[]): Promise<unknown> => {
		const endpoints = new Endpoints();
		endpoints.serve(Shop, { list: async () => ({}) }, { routes: routes(Shop, { list: get("/things") }) });
		return listen(endpoints, { protocols }).then((listener) => listener.close());
	};
	const named = (name: string, claims: PortProtocol["claims"]): PortProtocol => ({ ...lines(claims), name });

	beforeEach(() => open({}));

	test.each([
		[
			"the same path",
			[{ path: "/rpc" }],
			[{ path: "/rpc", verbs: ["POST"] }],
			/"one" and "other" both claim the path \/rpc/,
		],
		[
			"the same content type",
			[{ contentType: "a/b" }],
			[{ contentType: "a/b" }],
			/both claim the content type a\/b/,
		],
	])("on %s are refused when the server starts", async (_, one, other, message) => {
		await expect(start(named("one", one), named("other", other))).rejects.toThrow(message);
		await expect(start(named("one", one))).resolves.toBeUndefined();
	});

	test.each([
		["a route", [{ path: "/things" }], /claims the path \/things, where the route GET \/things is/],
		["a route below", [{ path: "/*" }], /where the route GET \/things is/],
		["a method", [{ path: "/shop/list" }], /where the method shop\/list is called/],
		["the operations routes", [{ path: "/healthz" }], /"one" and "operations" both claim the path \/healthz/],
		["all calls", [{ contentType: "application/json" }], /which calls and routes have/],
		["what is no path", [{ path: "rpc" }], /it takes one such as \/rpc/],
		["what is no content type", [{ contentType: "grpc" }], /it takes one such as application\/grpc/],
		["nothing", [], /claims no requests/],
	])("on %s are refused when the server starts", async (_, claims, message) => {
		await expect(start(named("one", claims))).rejects.toThrow(
			expect.objectContaining({ code: "failed_precondition", message: expect.stringMatching(message) }),
		);
	});

	test("on different verbs of a path stand beside each other", async () => {
		const get = named("one", [{ path: "/rpc", verbs: ["GET"] }]);
		await expect(start(get, named("other", [{ path: "/rpc", verbs: ["POST"] }]))).resolves.toBeUndefined();
	});

	test("are asked by content type first, then by path, exact before wide, then by what they match", async () => {
		const answering = (name: string, ...claims: PortProtocol["claims"]): PortProtocol => ({
			name,
			claims,
			open: () => ({ handle: (_, response) => response.end(name) }),
		});
		await server.close();
		await open({
			protocols: [
				answering("match", { match: ({ path }) => path !== "/lab/sum" }),
				answering("wide", { path: "/v1/*" }),
				answering("narrow", { path: "/v1/a/*" }),
				answering("exact", { path: "/v1/a/b" }),
				answering("type", { contentType: "application/x" }),
				answering("type over HTTP/2", { contentType: "application/y", http2: true }),
			],
		});
		const asked = (path: string, contentType: string): Promise<string> =>
			send(path, "{}", { "content-type": contentType });
		expect(await asked("/v1/a/b", "application/x+json; charset=utf-8")).toBe("type");
		expect(await asked("/v1/a/b", "application/y")).toBe("exact");
		expect(await asked("/v1/a/c", "text/plain")).toBe("narrow");
		expect(await asked("/v1/b", "text/plain")).toBe("wide");
		expect(await asked("/other", "text/plain")).toBe("match");
		expect(await asked("/healthz", "text/plain")).toContain("takes only GET");
		expect(await asked("/lab/sum", "application/json")).toContain("invalid_input");
	});
});

test("a protocol is told when the port drains and closes, and what it throws at its start keeps the port closed", async () => {
	const told: string[] = [];
	const protocol: PortProtocol = {
		name: "told",
		claims: [{ path: "/told" }],
		open: () => ({
			handle: (_, response) => response.end(),
			drain: () => void told.push("drain"),
			close: () => void told.push("close"),
		}),
	};
	await open({ protocols: [protocol] });
	await server.drain();
	await server.close();
	expect(told).toEqual(["drain", "close"]);
	const failing: PortProtocol = {
		...protocol,
		open: () => {
			throw new Error("no key");
		},
	};
	await expect(open({ protocols: [failing] })).rejects.toThrow("no key");
});

test("a request whose client left while a layer had it is not served, and holds up no drain", async () => {
	const held: (() => void)[] = [];
	let seen = 0;
	await open({
		http: (_, response, next) => {
			seen++;
			response.onClose(() => held.push(next));
		},
	});
	const leaving = new AbortController();
	const request = { method: "POST", body: "{}", headers: type, signal: leaving.signal };
	const gone = expect(fetch(`${url}/lab/hang`, request)).rejects.toThrow();
	await vi.waitFor(() => expect(seen).toBe(1));
	leaving.abort();
	await gone;
	await vi.waitFor(() => expect(held.length).toBe(1));
	held[0]?.();
	await server.drain();
	expect(log.running).toBe(0);
});

import {
	Context,
	contract,
	createClient,
	describeGuard,
	type Guard,
	type Instance,
	isError,
	method,
	ResponseMetadata,
	ServiceError,
} from "@allium/core";
import { webSocketTransport } from "@allium/core/frames";
import type { OpenApiDocument } from "@allium/core/http";
import { get, routes } from "@allium/core/http";
import { frames, http } from "@allium/node";
import { registry as openRegistry } from "@allium/sqlite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { Lab, lab, labRoutes } from "./fixtures/lab.ts";
import { post, System } from "./fixtures/system.ts";
import type { GatewayOptions } from "./gateway-options.ts";

let system: System;
beforeEach(async () => {
	system = await System.create();
});
afterEach(() => system[Symbol.asyncDispose]());

/** A gateway in front of one lab. */
async function open(): Promise<string> {
	await system.serve();
	return system.open();
}

function client(url: string) {
	return createClient(Lab, { url, transports: [frames(), http(), webSocketTransport()] });
}

async function* numbers(to: number) {
	for (let n = 1; n <= to; n++) yield { n };
}

async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
	const found: T[] = [];
	for await (const message of messages) found.push(message);
	return found;
}

describe("a gateway that was told nothing", () => {
	test("serves every registered service at POST /service/method", async () => {
		const url = await open();
		const answer = await post(`${url}/lab/echo`, { text: "hi" });
		expect(answer.status).toBe(200);
		expect(await answer.json()).toEqual({ text: "hi" });
	});

	test("serves what changes nothing over GET, and nothing else", async () => {
		const url = await open();
		const query = new URLSearchParams({ encoding: "json", message: '{"text":"hi"}' });
		expect(await (await fetch(`${url}/lab/echo?${query}`)).json()).toEqual({ text: "hi" });
		expect((await fetch(`${url}/lab/call?encoding=json&message={}`)).status).toBe(405);
	});

	test.each(["http", "allium", "ws"])("passes all four kinds on over %s", async (scheme) => {
		const url = (await open()).replace("http:", `${scheme}:`);
		await using calls = client(url);
		expect(await calls.echo({ text: "hi" })).toEqual({ text: "hi" });
		expect(await all(calls.count({ to: 3 }))).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
		expect(await calls.sum(numbers(4))).toEqual({ sum: 10 });
		const texts = (async function* () {
			yield { text: "a" };
			yield { text: "b" };
		})();
		expect(await all(calls.chat(texts))).toEqual([{ text: "A" }, { text: "B" }]);
	});

	test("passes a stream on as server-sent events", async () => {
		const url = await open();
		const query = new URLSearchParams({ input: '{"to":2}' });
		const answer = await fetch(`${url}/lab/count?${query}`, { headers: { accept: "text/event-stream" } });
		expect(await answer.text()).toMatch(/^data: \{"n":1\}\n\ndata: \{"n":2\}\n\nevent: end\n/);
	});

	test("describes what it serves as the service does", async () => {
		const app = await system.serve();
		const url = await system.open();
		const own = app.addresses.find((address) => address.startsWith("http:"));
		const described = async (at: string | undefined) => (await fetch(`${at}/-/describe/lab`)).json();
		expect(await described(url)).toEqual(await described(own));
	});
});

describe("errors", () => {
	test("a service that is not there is 404", async () => {
		const url = await open();
		const answer = await post(`${url}/nobody/knows`);
		expect(answer.status).toBe(404);
		expect(await answer.json()).toMatchObject({ code: "unimplemented" });
	});

	test("a method that is not there is 404", async () => {
		expect((await post(`${await open()}/lab/nothing`)).status).toBe(404);
	});

	test("invalid input is 400 with the path of each issue", async () => {
		const answer = await post(`${await open()}/lab/echo`, { text: 7 });
		expect(answer.status).toBe(400);
		const { details } = (await answer.json()) as { details: { debug: unknown }[] };
		expect(details.map(({ debug }) => debug)).toContainEqual({
			issues: [{ path: ["text"], message: expect.any(String) }],
		});
	});

	test("a body that is not JSON is 400", async () => {
		expect((await post(`${await open()}/lab/echo`, "{")).status).toBe(400);
	});

	test("a service that is too busy is 429 with Retry-After", async () => {
		const answer = await post(`${await open()}/lab/fail`, { with: "busy" });
		expect(answer.status).toBe(429);
		expect(answer.headers.get("retry-after")).toBe("2");
	});

	test("a declared error comes through with its reason, message and data", async () => {
		await using calls = client(await open());
		const error = await calls.fail({ with: "missing" }).catch((caught: unknown) => caught);
		expect(isError(error, Lab.fail.error.missing) && error.data).toEqual({ id: "7" });
		expect(error).toMatchObject({ message: "no seven", domain: "lab" });
	});

	test("what a service did not declare says nothing of it", async () => {
		const answer = await post(`${await open()}/lab/fail`, { with: "thrown" });
		expect(answer.status).toBe(500);
		expect(await answer.text()).not.toContain("secret");
	});

	test("a service of which no instance is up is 503", async () => {
		const app = await system.serve();
		const url = await system.open();
		await app.stop();
		// Until the gateway has heard of it, the instance cannot be reached.
		await vi.waitFor(async () => {
			const answer = await post(`${url}/lab/echo`, { text: "hi" });
			expect(answer.status).toBe(503);
			expect(await answer.json()).toMatchObject({
				code: "unavailable",
				message: 'no instance of "lab" is up',
			});
		});
	});

	test("an instance that cannot be reached is 503, and its address stays here", async () => {
		const app = await system.serve();
		const url = await system.open();
		const registry = await openRegistry(system.registry);
		const [instance] = await registry.list();
		await app.stop();
		await registry.register(instance as Instance, Context.background());
		await registry.close();
		const call = async () => (await post(`${url}/lab/echo`, { text: "hi" })).json();
		await vi.waitFor(async () => {
			expect(await call()).toEqual({
				code: "unavailable",
				message: 'no instance of "lab" could be reached',
			});
		});
	});

	test("that a call was not executed is nothing that the gateway relays", async () => {
		const app = await system.serve();
		const url = await system.open();
		await app.stop();
		await using calls = client(url.replace("http:", "allium:"));
		const error = await calls
			.echo({ text: "hi" }, Context.background().withTimeout(1000))
			.catch((caught) => caught);
		expect(error).toMatchObject({ code: "unavailable", notExecuted: false });
	});
});

describe("the end of a call", () => {
	test("a deadline travels to the service, and is 504", async () => {
		const url = await open();
		const answer = await post(`${url}/lab/wait`, {}, { "connect-timeout-ms": "150" });
		expect(answer.status).toBe(504);
		// The call ends by the service's own clock, or by the cancellation of the gateway, whichever comes first.
		await vi.waitFor(() =>
			expect(system.log.ended).toEqual([expect.stringMatching(/^(deadline_exceeded|canceled)$/)]),
		);
	});

	test("the service sees how long the caller waits", async () => {
		const answer = await post(`${await open()}/lab/call`, {}, { "connect-timeout-ms": "4000" });
		const { remaining } = (await answer.json()) as { remaining: number };
		expect(remaining).toBeGreaterThan(2_000);
		expect(remaining).toBeLessThanOrEqual(4_000);
	});

	test("a caller that goes away cancels the call at the service", async () => {
		const url = await open();
		const controller = new AbortController();
		const answer = fetch(`${url}/lab/wait`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: "{}",
			signal: controller.signal,
		}).catch(() => {});
		await vi.waitFor(() => expect(system.log.waiting).toBe(1));
		controller.abort();
		await answer;
		await vi.waitFor(() => expect(system.log.ended).toEqual(["canceled"]));
	});

	test.each(["http", "allium", "ws"])(
		"breaking out of a stream over %s ends it at the service",
		async (scheme) => {
			await using calls = client((await open()).replace("http:", `${scheme}:`));
			for await (const { tick } of calls.ticks({})) if (tick === 2) break;
			await vi.waitFor(() => expect(system.log.ended).toEqual(["canceled"]));
		},
	);

	test("a gateway that stops lets calls in flight finish, and refuses none before", async () => {
		// A busy machine may need long for the rest of the stream.
		const patient = { gracePeriodMs: 120_000 };
		await system.serve(undefined, undefined, patient);
		const url = await system.open(patient);
		const counted = fetch(`${url}/lab/count?input={"to":20000}`, {
			headers: { accept: "text/event-stream" },
		});
		const answer = await counted;
		const text = answer.text();
		await system[Symbol.asyncDispose]();
		expect(await text).toContain("event: end");
		await expect(fetch(url)).rejects.toThrow();
	});
});

describe("metadata", () => {
	async function received(headers: Record<string, string>): Promise<Map<string, string>> {
		const answer = await post(`${await open()}/lab/call`, {}, headers);
		return new Map(((await answer.json()) as { metadata: [string, string][] }).metadata);
	}

	test("headers of a request reach the service under their names", async () => {
		const metadata = await received({ authorization: "Bearer x", traceparent: "00-1-2-3", "lab-note": "n" });
		expect(Object.fromEntries(metadata)).toMatchObject({
			authorization: "Bearer x",
			traceparent: "00-1-2-3",
			"lab-note": "n",
		});
	});

	test("Allium's own headers, and cookies, do not", async () => {
		const metadata = await received({ "x-global-tenant": "evil", "allium-trust": "me", cookie: "session=1" });
		expect([...metadata.keys()].filter((name) => /global-tenant|allium|cookie/.test(name))).toEqual([]);
	});

	test("Allium's own headers do not over frames, either", async () => {
		await using calls = client((await open()).replace("http:", "allium:"));
		const ctx = Context.background().withMetadata({ "x-global-tenant": "evil", "lab-note": "n" });
		const { metadata } = await calls.call({}, ctx);
		const names = metadata.map(([name]) => name);
		expect(names).toContain("lab-note");
		expect(names).not.toContain("x-global-tenant");
	});

	test("cookies that have no room in metadata do no harm", async () => {
		const metadata = await received({ cookie: "c".repeat(10_000) });
		expect(metadata.has("cookie")).toBe(false);
	});

	test("headers and trailers of a reply come back, but none that are the gateway's to set", async () => {
		const answer = await post(`${await open()}/lab/call`);
		expect(answer.headers.get("lab-header")).toBe("h");
		expect(answer.headers.get("trailer-lab-trailer")).toBe("t");
		expect(answer.headers.get("access-control-allow-origin")).toBeNull();
	});

	test.each(["http", "allium"])("trailers of a stream come back over %s", async (scheme) => {
		await using calls = client((await open()).replace("http:", `${scheme}:`));
		const response = new ResponseMetadata();
		await all(calls.count({ to: 2 }, Context.background().withResponse(response)));
		expect(response.trailers.get("counted")).toBe("2");
	});

	test("forwarding headers of strangers stay here, save that the gateway adds its caller", async () => {
		const url = await open();
		const said = {
			forwarded: "for=10.0.0.1",
			"x-real-ip": "10.0.0.1",
			"x-forwarded-host": "evil.example",
			"x-forwarded-for": "10.0.0.1",
		};
		const { metadata } = (await (await post(`${url}/lab/call`, {}, said)).json()) as {
			metadata: [string, string][];
		};
		const told = metadata.filter(([name]) => /forwarded|real-ip/.test(name));
		expect(told).toEqual([["x-forwarded-for", "10.0.0.1, 127.0.0.1"]]);
	});

	test("forward chooses which headers travel on", async () => {
		await system.serve();
		const url = await system.open({ forward: (name) => name === "authorization" });
		const answer = await post(`${url}/lab/call`, {}, { authorization: "Bearer x", "lab-note": "n" });
		const { metadata } = (await answer.json()) as { metadata: [string, string][] };
		expect(metadata.map(([name]) => name).sort()).toEqual(["authorization", "x-global-request-id"]);
	});

	test("a trace of strangers travels on only when it may", async () => {
		await system.serve();
		const traceparent = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
		const trace = async (url: string) => {
			const answer = await post(`${url}/lab/call`, {}, { traceparent, baggage: "a=b" });
			const { metadata } = (await answer.json()) as { metadata: [string, string][] };
			return metadata.filter(([name]) => name === "traceparent" || name === "baggage");
		};
		expect(await trace(await system.open())).toEqual([
			["traceparent", traceparent],
			["baggage", "a=b"],
		]);
		const forward = (name: string) => name !== "traceparent" && name !== "baggage";
		expect(await trace(await system.open({ forward }))).toEqual([]);
	});

	test("a guard decides which calls come in, and may add metadata for the services", async () => {
		await system.serve();
		const url = await system.open({
			guard: ({ metadata }, ctx) => {
				if (metadata.get("authorization") === undefined) throw new ServiceError({ code: "unauthenticated" });
				return ctx.withMetadata({ "x-global-user": "john" });
			},
		});
		expect((await post(`${url}/lab/call`)).status).toBe(401);
		expect((await fetch(url)).status).toBe(200);
		const answer = await post(`${url}/lab/call`, {}, { authorization: "x" });
		expect(JSON.stringify(await answer.json())).toContain('["x-global-user","john"]');
	});
});

test("a guard that asks for the operations routes decides which callers see the pages", async () => {
	await system.serve();
	const guard: Guard = ({ metadata }, ctx) => {
		if (metadata.get("authorization") === undefined) throw new ServiceError({ code: "unauthenticated" });
		return ctx;
	};
	const url = await system.open({ guard: describeGuard(guard, { operations: true }) });
	const statuses = async (headers: Record<string, string>) => {
		const paths = ["/", "/-/openapi", "/-/openapi.json", "/-/describe", "/readyz"];
		return Promise.all(paths.map(async (path) => (await fetch(url + path, { headers })).status));
	};
	expect(await statuses({})).toEqual([401, 401, 401, 401, 401]);
	expect(await statuses({ authorization: "x" })).toEqual([200, 200, 200, 200, 200]);
});

describe("a service whose guard asks before it describes itself", () => {
	const secret = "Bearer of-a-secret";

	async function serveGuarded(): Promise<void> {
		const guard: Guard = ({ metadata }, ctx) => {
			if (metadata.get("authorization") === secret) return ctx;
			throw new ServiceError({ code: "unauthenticated", message: "a token, please" });
		};
		await system.serve((app) => app.serve(Lab, lab(system.log)), undefined, {
			guard: describeGuard(guard, { operations: true }),
		});
	}

	function warnings() {
		return system.lines.filter(({ level }) => level === "warn");
	}

	test("is 503 with the reason, which is logged once without a stack", async () => {
		await serveGuarded();
		const url = await system.open();
		const answer = await post(`${url}/lab/echo`, { text: "a" });
		expect(answer.status).toBe(503);
		expect(await answer.json()).toMatchObject({
			code: "unavailable",
			message:
				'the service "lab" is up, but its guard does not let the gateway ask what it serves; the gateway needs credentials',
		});
		const list = await (await fetch(url, { headers: { accept: "application/json" } })).json();
		expect(list).toMatchObject({ problems: [{ service: "lab", why: expect.stringContaining("its guard") }] });
		expect(await (await fetch(url)).text()).toContain("Services that cannot be called");
		// Another instance makes the gateway ask again at once, and the log reports that instance alone.
		await serveGuarded();
		await vi.waitFor(() => expect(warnings()).toHaveLength(2));
		await vi.waitFor(async () => expect((await post(`${url}/lab/echo`)).status).toBe(503));
		expect(warnings()).toHaveLength(2);
		for (const { message, fields } of warnings()) {
			expect(message).toBe("an instance does not describe itself");
			expect(fields).toEqual({
				service: "lab",
				instance: expect.any(String),
				why: expect.stringMatching(
					/answers 401 unauthenticated: a token, please, and no description of lab$/,
				),
				remedy: expect.stringContaining("ALLIUM_CREDENTIALS"),
			});
		}
	});

	test.each<[string, GatewayOptions]>([
		["an option", { credentials: { authorization: secret } }],
		["a function", { credentials: async () => ({ authorization: secret }) }],
		["the environment", { env: { ALLIUM_CREDENTIALS: `authorization=${secret}` } }],
	])("is served with credentials from %s, which are for that alone", async (_, options) => {
		await serveGuarded();
		const url = await system.open(options);
		expect((await post(`${url}/lab/echo`, { text: "a" })).status).toBe(401);
		const known = { authorization: secret };
		expect((await post(`${url}/lab/echo`, { text: "a" }, known)).status).toBe(200);
		expect(JSON.stringify(system.lines)).not.toContain("of-a-secret");
	});

	test("has security of both guards in the gateway's document", async () => {
		const token = { type: "http", scheme: "bearer" } as const;
		const key = { type: "apiKey", in: "header", name: "x-key" } as const;
		const letIn: Guard = (_, ctx) => ctx;
		await system.serve((app) => app.serve(Lab, lab(system.log)), undefined, {
			guard: describeGuard(letIn, { schemes: { token }, open: ["lab/call"] }),
		});
		const url = await system.open({ guard: describeGuard(letIn, { schemes: { key } }) });
		const document = (await (await fetch(`${url}/-/openapi.json`)).json()) as OpenApiDocument;
		expect(document.components.securitySchemes).toEqual({ key, token });
		expect(document.paths["/lab/echo"]?.post?.security).toEqual([{ key: [], token: [] }]);
		expect(document.paths["/lab/call"]?.post?.security).toEqual([{ key: [] }]);
		expect(await (await fetch(`${url}/-/openapi`)).text()).toContain("x-key");
	});

	test("does not matter for paths of unknown services", async () => {
		await serveGuarded();
		const url = await system.open();
		expect((await post(`${url}/other/echo`)).status).toBe(404);
	});
});

describe("services that come and go", () => {
	const Late = contract("late", {
		ping: method({ output: z.object({ pong: z.boolean() }), effect: "read" }),
	});

	test("a service that comes later is served without a restart", async () => {
		const url = await open();
		expect((await post(`${url}/late/ping`)).status).toBe(404);
		await system.serve((app) => app.serve(Late, { ping: async () => ({ pong: true }) }));
		await vi.waitFor(async () => expect((await post(`${url}/late/ping`)).status).toBe(200));
	});

	test("a service that comes back is served again", async () => {
		const first = await system.serve();
		const url = await system.open();
		await first.stop();
		expect((await post(`${url}/lab/echo`, { text: "a" })).status).toBe(503);
		await system.serve();
		await vi.waitFor(async () => expect((await post(`${url}/lab/echo`, { text: "a" })).status).toBe(200));
	});

	test("a new version brings its methods, as soon as its first instance is up", async () => {
		const first = await system.serve((app) => app.serve(Late, { ping: async () => ({ pong: true }) }));
		const url = await system.open();
		const Newer = contract("late", {
			ping: method({ output: z.object({ pong: z.boolean() }), effect: "read" }),
			stop: method({ output: z.object({ stopped: z.boolean() }) }),
		});
		await system.serve((app) => {
			app.serve(Newer, { ping: async () => ({ pong: true }), stop: async () => ({ stopped: true }) });
		});
		await first.stop();
		await vi.waitFor(async () => expect((await post(`${url}/late/stop`)).status).toBe(200));
	});

	test("instances of another namespace are none of its business", async () => {
		await system.serve();
		const url = await system.open({ namespace: "other" });
		expect((await post(`${url}/lab/echo`, { text: "a" })).status).toBe(404);
	});
});

describe("REST routes", () => {
	test("those of a service are served, replies and errors as they say", async () => {
		await system.serve(undefined, labRoutes);
		const url = await system.open();
		expect(await (await fetch(`${url}/echoes/hi`)).json()).toEqual({ text: "hi" });
		const failure = await post(`${url}/failures`, { with: "missing" });
		expect(failure.status).toBe(410);
		expect(await failure.text()).toBe("gone: no seven");
	});

	const Other = contract("other", {
		read: method({
			input: z.object({ id: z.string() }),
			output: z.object({ other: z.string() }),
			effect: "read",
		}),
	});

	/** Serves a service that wants the same route as the lab. */
	function serveOther() {
		return system.serve((app) => {
			const service = { read: async ({ id }: { id: string }) => ({ other: id }) };
			app.serve(Other, service, { routes: routes(Other, { read: get("/echoes/{id}") }) });
		});
	}

	test("where two services want the same, the other gets it when the older is gone", async () => {
		const older = await system.serve(undefined, labRoutes);
		await serveOther();
		const url = await system.open();
		expect(await (await fetch(`${url}/echoes/hi`)).json()).toEqual({ text: "hi" });
		await older.stop();
		await vi.waitFor(async () => {
			expect(await (await fetch(`${url}/echoes/hi`)).json()).toEqual({ other: "hi" });
		});
		const list = await (await fetch(url, { headers: { accept: "application/json" } })).json();
		expect(list).toMatchObject({ conflicts: [] });
	});

	test("where two services want the same, the older keeps it; that is logged and listed", async () => {
		await system.serve(undefined, labRoutes);
		const url = await system.open();
		await serveOther();
		await vi.waitFor(async () => expect((await post(`${url}/other/read`, { id: "1" })).status).toBe(200));
		expect(await (await fetch(`${url}/echoes/hi`)).json()).toEqual({ text: "hi" });
		const refused = { service: "other", verb: "GET", path: "/echoes/{id}" };
		expect(system.lines).toContainEqual(
			expect.objectContaining({ message: "a route is not served", fields: expect.objectContaining(refused) }),
		);
		const list = await (await fetch(url, { headers: { accept: "application/json" } })).json();
		expect(list).toMatchObject({ conflicts: [refused] });
	});
});

test("a gateway that stopped leaves no handle and no call", async () => {
	await system.serve((app) => app.serve(Lab, lab(system.log)));
	const made = system.gateway();
	await made.start();
	await made.stop();
	await made.stop();
	await expect(fetch(made.addresses.find((address) => address.startsWith("http:")) ?? "")).rejects.toThrow();
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { send } from "../fixtures/send.ts";
import { post, System } from "../fixtures/system.ts";
import type { GatewayOptions } from "../gateway-options.ts";

let system: System;
beforeEach(async () => {
	system = await System.create();
});
afterEach(() => system[Symbol.asyncDispose]());

describe("the request id", () => {
	test("is made, returned, and known to the service", async () => {
		await system.serve();
		const url = await system.open();
		const answer = await post(`${url}/lab/call`);
		const id = answer.headers.get("x-request-id");
		expect(id).toMatch(/^[0-9a-f-]{36}$/);
		expect(JSON.stringify(await answer.json())).toContain(`["x-global-request-id","${id}"]`);
	});

	test("is taken over from the request when it is sane", async () => {
		await system.serve();
		const url = await system.open();
		const answer = await post(`${url}/lab/call`, {}, { "x-request-id": "abc-1" });
		expect(answer.headers.get("x-request-id")).toBe("abc-1");
		expect(await answer.text()).toContain('["x-global-request-id","abc-1"]');
	});

	test("is replaced when it is not", async () => {
		const url = await system.open();
		const answer = await fetch(url, { headers: { "x-request-id": "a b\tc" } });
		expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
	});
});

describe("the access log", () => {
	const requests = () =>
		system.lines.filter(({ message }) => message === "request").map(({ fields }) => fields);

	test("has a line for each request, without its query", async () => {
		await system.serve();
		const url = await system.open();
		await (await post(`${url}/lab/echo?secret=1`, { text: "hi" }, { "x-request-id": "one" })).text();
		await (await post(`${url}/lab/nothing`)).text();
		await vi.waitFor(() => expect(requests()).toHaveLength(2));
		expect(requests()[0]).toMatchObject({
			method: "POST",
			path: "/lab/echo",
			status: 200,
			id: "one",
			peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
		});
		expect(requests()[1]).toMatchObject({ path: "/lab/nothing", status: 404 });
	});

	test("has a line for a WebSocket when it ends", async () => {
		const url = await system.open();
		const socket = new WebSocket(`${url.replace("http", "ws")}/-/ws`, "allium.v1");
		await new Promise((resolve) => socket.addEventListener("open", resolve));
		expect(requests()).toEqual([]);
		socket.close();
		await vi.waitFor(() => expect(requests()).toHaveLength(1));
		expect(requests()[0]).toMatchObject({ method: "GET", path: "/-/ws", status: 101 });
		expect(requests()[0]).not.toHaveProperty("aborted");
	});

	test("says of a caller that went away that it did", async () => {
		await system.serve();
		const url = await system.open();
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
		await vi.waitFor(() =>
			expect(requests()).toEqual([expect.objectContaining({ status: 499, aborted: true })]),
		);
	});
});

describe("what is served", () => {
	test("on loopback, everything", async () => {
		await system.serve();
		const url = await system.open();
		expect((await post(`${url}/lab/echo`, { text: "a" })).status).toBe(200);
	});

	test("on another address nothing: it refuses, and says what to do", async () => {
		await expect(system.gateway({ host: "0.0.0.0" }).start()).rejects.toThrow(
			"other machines can reach the gateway on 0.0.0.0; say what they may call with expose (--expose greeter --expose add/sum), or listen on 127.0.0.1",
		);
	});

	test("on another address what expose lists, and nothing else is seen", async () => {
		await system.serve();
		const url = await system.open({ host: "0.0.0.0", advertise: "127.0.0.1", expose: ["lab/echo"] });
		expect((await post(`${url}/lab/echo`, { text: "a" })).status).toBe(200);
		expect((await post(`${url}/lab/call`)).status).toBe(404);
		const described = (await (await fetch(`${url}/-/describe/lab`)).json()) as { methods: object };
		expect(Object.keys(described.methods)).toEqual(["echo"]);
	});

	test("expose lists whole services, too", async () => {
		await system.serve();
		const url = await system.open({ expose: ["lab"] });
		expect((await post(`${url}/lab/call`)).status).toBe(200);
	});

	test("expose refuses an invalid name", async () => {
		await expect(system.gateway({ expose: ["lab/*"] }).start()).rejects.toThrow(
			/takes names of services, or service\/method/,
		);
	});

	test("is served under localhost; other hosts, such as that of a page that points its own name here, are refused", async () => {
		await system.serve();
		const url = await system.open();
		const call = (host: string) => {
			const headers = { host, "content-type": "application/json" };
			return send(`${url}/lab/echo`, { method: "POST", headers, body: '{"text":"a"}' });
		};
		expect((await call("evil.example:8080")).status).toBe(403);
		expect((await call("localhost")).status).toBe(200);
		expect((await call("[::1]:8080")).status).toBe(200);
	});

	test("nor may such a page open a WebSocket", async () => {
		const url = await system.open();
		const { port } = new URL(url);
		const upgrade = { connection: "upgrade", upgrade: "websocket", "sec-websocket-protocol": "allium.v1" };
		const headers = { ...upgrade, host: `evil.example:${port}`, origin: `http://evil.example:${port}` };
		expect((await send(`${url}/-/ws`, { headers })).status).toBe(403);
	});

	test("with expose, too, until other hosts are named", async () => {
		await system.serve();
		const describe = async (options: GatewayOptions) => {
			const url = await system.open({ expose: ["lab"], ...options });
			return (await send(`${url}/-/describe`, { headers: { host: "api.example" } })).status;
		};
		expect(await describe({})).toBe(403);
		expect(await describe({ hosts: ["api.example"] })).toBe(200);
		expect(await describe({ env: { ALLIUM_HOSTS: "other.example, api.example" } })).toBe(200);
	});
});

describe("pages of other origins", () => {
	const page = { origin: "https://app.example" };
	const asks = {
		...page,
		"access-control-request-method": "POST",
		"access-control-request-headers": "content-type,authorization",
	};

	test("may not call unless told so", async () => {
		await system.serve();
		const url = await system.open();
		const answer = await send(`${url}/lab/echo`, { method: "OPTIONS", headers: asks });
		expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
	});

	test("may call when their origin is listed, with the headers that they ask for", async () => {
		await system.serve();
		const url = await system.open({ cors: ["https://app.example"] });
		const preflight = await send(`${url}/lab/echo`, { method: "OPTIONS", headers: asks });
		expect(preflight.status).toBe(204);
		expect(preflight.headers).toMatchObject({
			"access-control-allow-origin": "https://app.example",
			"access-control-allow-headers": "content-type,authorization",
			"access-control-allow-methods": expect.stringContaining("POST"),
			vary: "origin",
		});
		const answer = await post(`${url}/lab/echo`, { text: "a" }, page);
		expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
		expect(answer.headers.get("access-control-expose-headers")).toBe("*");
	});

	test("may not call when another is listed", async () => {
		await system.serve();
		const url = await system.open({ cors: ["https://other.example"] });
		const answer = await send(`${url}/lab/echo`, { method: "OPTIONS", headers: asks });
		expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
	});

	test("may all call with *", async () => {
		const url = await system.open({ cors: ["*"] });
		expect((await fetch(url, { headers: page })).headers.get("access-control-allow-origin")).toBe("*");
	});

	test("must be origins", async () => {
		await expect(system.gateway({ cors: ["app.example"] }).start()).rejects.toThrow(
			/cors takes origins such as/,
		);
	});
});

describe("bounds", () => {
	test("a body beyond the limit is refused", async () => {
		await system.serve();
		const url = await system.open({ limits: { messageBytes: 1_000 } });
		const answer = await post(`${url}/lab/echo`, { text: "x".repeat(2_000) });
		expect(await answer.json()).toMatchObject({ code: "resource_exhausted" });
		expect((await post(`${url}/lab/echo`, { text: "x" })).status).toBe(200);
	});

	test("a caller without a timeout waits as long as the gateway says", async () => {
		await system.serve();
		const url = await system.open({ timeoutMs: 100 });
		expect((await post(`${url}/lab/wait`)).status).toBe(504);
	});
});

describe("the front page", () => {
	test("lists services and methods with a command that calls each, without scripts or foreign files", async () => {
		await system.serve();
		const url = await system.open();
		const answer = await fetch(url, { headers: { accept: "text/html,*/*" } });
		expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
		const html = await answer.text();
		expect(html).toContain("/lab/echo");
		expect(html).toContain(`curl ${url}/lab/echo --json &#39;{&quot;text&quot;:&quot;text&quot;}&#39;`);
		expect(html).not.toMatch(/<script|src=|url\(|https:/);
	});

	test("shows what services say of themselves as text", async () => {
		await system.serve();
		const html = await (await fetch(await system.open())).text();
		expect(html).toContain("Says &lt;it&gt; again.");
	});

	test("is JSON for a client that asks for it", async () => {
		await system.serve();
		const url = await system.open();
		const answer = await fetch(url, { headers: { accept: "application/json" } });
		expect(await answer.json()).toMatchObject({
			services: [
				{
					name: "lab",
					version: "1.2.0",
					instances: 1,
					methods: [{ name: "echo", effect: "read", path: "/lab/echo" }, {}, {}, {}, {}, {}, {}, {}],
				},
			],
		});
	});

	test("says of a service that no instance runs now", async () => {
		const app = await system.serve();
		const url = await system.open();
		await app.stop();
		await vi.waitFor(async () => expect(await (await fetch(url)).text()).toContain("no instance is up"));
	});

	test("takes GET and HEAD alone", async () => {
		const url = await system.open();
		expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
		expect((await post(url)).status).toBe(405);
	});
});

describe("the page of the OpenAPI document", () => {
	test("shows every operation of the document", async () => {
		await system.serve();
		const url = await system.open();
		const document = (await (await fetch(`${url}/-/openapi.json`)).json()) as { paths: object };
		const html = await (await fetch(`${url}/-/openapi`)).text();
		expect(Object.keys(document.paths)).toContain("/lab/echo");
		for (const path of Object.keys(document.paths)) expect(html).toContain(`<code>${path}</code>`);
		expect(html).toContain("Says &lt;it&gt; again.");
		expect(html).not.toMatch(/<script|src=|url\(|https:/);
	});
});

test("whether it is ready stands at /readyz", async () => {
	const url = await system.open();
	expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test("a port that is taken is said in one sentence", async () => {
	const url = await system.open();
	const other = system.gateway({ port: Number(new URL(url).port) });
	await expect(other.start()).rejects.toThrow(/^port \d+ on 127\.0\.0\.1 is taken; stop the process/);
	await other.stop();
});

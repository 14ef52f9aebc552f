import { memoryRegistry } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { afterEach, describe, expect, test } from "vitest";
import { createApp } from "../app/app.ts";
import { listen } from "../server/server.ts";
import { cors } from "./cors.ts";
import { openLab } from "./fixtures/lab.ts";

const page = { origin: "https://app.example" };
const asks = {
	...page,
	"access-control-request-method": "POST",
	"access-control-request-headers": "content-type,authorization",
};

let listener: Listener | undefined;
afterEach(() => listener?.close());

/** Opens a server for pages of these origins. Resolves with the address of a method. */
async function open(origins: readonly string[]): Promise<string> {
	listener = await listen(openLab().endpoints, { http: cors(origins) });
	return `${listener.addresses[0]}/lab/sum`;
}

function call(url: string, headers: Record<string, string>): Promise<Response> {
	const type = { "content-type": "application/json" };
	return fetch(url, { method: "POST", headers: { ...type, ...headers }, body: '{"a":1,"b":2}' });
}

describe("pages whose origin is listed", () => {
	test("are told before they call that they may, with the headers that they ask for", async () => {
		const answer = await fetch(await open(["https://app.example"]), { method: "OPTIONS", headers: asks });
		expect(answer.status).toBe(204);
		expect(Object.fromEntries(answer.headers)).toMatchObject({
			"access-control-allow-origin": "https://app.example",
			"access-control-allow-headers": "content-type,authorization",
			"access-control-allow-methods": expect.stringContaining("POST"),
			vary: "origin",
		});
	});

	test("may read what they get", async () => {
		const answer = await call(await open(["https://app.example"]), page);
		expect(await answer.json()).toEqual({ v: 3 });
		expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
		expect(answer.headers.get("access-control-expose-headers")).toBe("*");
	});
});

describe("pages of another origin", () => {
	const other = { ...asks, origin: "https://other.example" };

	test("are not told that they may call", async () => {
		const answer = await fetch(await open(["https://app.example"]), { method: "OPTIONS", headers: other });
		expect(answer.headers.has("access-control-allow-origin")).toBe(false);
		expect(answer.headers.has("access-control-allow-methods")).toBe(false);
	});

	test("get an answer that caches keep apart", async () => {
		const answer = await call(await open(["https://app.example"]), { origin: "https://other.example" });
		expect(answer.headers.has("access-control-allow-origin")).toBe(false);
		expect(answer.headers.get("vary")).toBe("origin");
	});
});

test("with *, every answer is for all pages, even for those that did not ask first", async () => {
	const answer = await call(await open(["*"]), {});
	expect(answer.headers.get("access-control-allow-origin")).toBe("*");
	expect(answer.headers.has("vary")).toBe(false);
});

test("an OPTIONS that asks for nothing is a request as any other", async () => {
	const answer = await fetch(await open(["*"]), { method: "OPTIONS" });
	expect(answer.status).toBe(405);
});

test("an invalid origin is refused in one sentence", () => {
	expect(() => cors(["app.example"])).toThrow(/^cors takes origins such as https:/);
});

test("an app lets in the pages that its option names, and no others", async () => {
	const told = async (options: { cors?: readonly string[] }) => {
		const registry = memoryRegistry();
		const app = createApp({ name: "lab", env: {}, registry, logger: { log() {} }, ...options });
		await app.start();
		const url = app.addresses.find((address) => address.startsWith("http:"));
		const answer = await fetch(`${url}/healthz`, { headers: page });
		await app.stop();
		return answer.headers.get("access-control-allow-origin");
	};
	expect(await told({ cors: [page.origin] })).toBe(page.origin);
	expect(await told({})).toBeNull();
});

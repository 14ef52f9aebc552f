import { Endpoints } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { listen } from "@allium/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Add, int32 } from "./contract.ts";
import { addRoutes } from "./routes.ts";
import { addService } from "./service.ts";

let listener: Listener;

beforeAll(async () => {
	const endpoints = new Endpoints();
	endpoints.serve(Add, addService, { routes: addRoutes });
	listener = await listen(endpoints);
});

afterAll(() => listener.close());

async function post(path: string, body: string): Promise<[number, string | null, string]> {
	const headers = { "content-type": "application/json" };
	const response = await fetch(`${listener.addresses[0]}${path}`, { method: "POST", headers, body });
	return [response.status, response.headers.get("content-type"), await response.text()];
}

describe("addsvc over REST, as in Go kit", () => {
	test("adds and joins", async () => {
		expect(await post("/sum", '{"a":1,"b":2}')).toEqual([200, "application/json", '{"v":3}']);
		expect(await post("/concat", '{"a":"x","b":"y"}')).toEqual([200, "application/json", '{"v":"xy"}']);
	});

	test.each([
		["/sum", { a: 0, b: 0 }, "can't sum two zeroes"],
		["/sum", { a: int32.max, b: 1 }, "integer overflow"],
		["/concat", { a: "12345", b: "678901" }, "result exceeds maximum size"],
	])("%s %j fails with 400: %s", async (path, input, error) => {
		const type = "application/json; charset=utf-8";
		expect(await post(path, JSON.stringify(input))).toEqual([400, type, JSON.stringify({ error })]);
	});

	test("names the mistake in the input in the same way", async () => {
		const [status, , body] = await post("/sum", '{"a":"1"}');
		expect([status, JSON.parse(body)]).toEqual([400, { error: expect.stringContaining("a: ") }]);
		expect((await post("/sum", "{"))[0]).toBe(400);
	});
});

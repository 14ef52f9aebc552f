import { testClient } from "@allium/testing";
import { describe, expect, test } from "vitest";
import { Greeter } from "./contract.ts";
import { greeter } from "./service.ts";

describe("the greeter", () => {
	test("says hello", async () => {
		await using client = testClient(Greeter, greeter);
		expect(await client.hello({ name: "John" })).toEqual({ greeting: "Hello John" });
	});

	test("wants a name", async () => {
		await using client = testClient(Greeter, greeter);
		await expect(client.hello({ name: "" })).rejects.toMatchObject({
			code: "invalid_argument",
			data: { issues: [{ path: ["name"] }] },
		});
	});
});

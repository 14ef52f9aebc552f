import { describe, expect, test } from "vitest";
import { headerNameOf } from "./headers.ts";

describe("the name of a header", () => {
	test.each([
		["Content-Type", { name: "content-type", isProtocol: true, carries: "text" }],
		["CONNECT-TIMEOUT-MS", { name: "connect-timeout-ms", isProtocol: true, carries: "text" }],
		["X-Tenant", { name: "x-tenant", isProtocol: false, carries: "text" }],
		["x-key-Bin", { name: "x-key-bin", isProtocol: false, carries: "bytes" }],
		["x~y", { name: "x~y", isProtocol: false, carries: undefined }],
		[`x-${"a".repeat(100)}`, { name: `x-${"a".repeat(100)}`, isProtocol: false, carries: "text" }],
	])("says the same each time, in whatever case it is written: %s", (raw, facts) => {
		expect(headerNameOf(raw)).toEqual(facts);
		expect(headerNameOf(raw)).toEqual(facts);
		expect(headerNameOf(raw.toLowerCase())).toEqual(facts);
	});

	test("says the same after many names that a stranger made up", () => {
		for (let index = 0; index < 1_000; index++) headerNameOf(`x-made-up-${index}`);
		expect(headerNameOf("Accept")).toMatchObject({ name: "accept", isProtocol: true });
	});
});

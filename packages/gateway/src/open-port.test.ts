import type { Guard } from "@allium/core";
import { Authority } from "@allium/node/certificates";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { System } from "./fixtures/system.ts";
import type { GatewayOptions } from "./gateway-options.ts";

const guard: Guard = (_, ctx) => ctx;
const { certificate: cert, key } = Authority.create().issue({ name: "gateway", names: ["127.0.0.1"] });
const tls = { cert, key };

let system: System;

beforeEach(async () => {
	system = await System.create();
});

afterEach(() => system[Symbol.asyncDispose]());

async function warnings(options: GatewayOptions): Promise<string[]> {
	await system.open(options);
	return system.lines.filter(({ level }) => level === "warn").map(({ message }) => message);
}

describe("a gateway that other machines can reach", () => {
	const open: GatewayOptions = { host: "0.0.0.0", expose: ["lab"] };

	test("warns once when it neither speaks TLS nor has a guard", async () => {
		expect(await warnings(open)).toEqual([
			expect.stringMatching(
				/^gateway listens on 0\.0\.0\.0:\d+ without TLS and without a guard, .*; set ALLIUM_TLS .*, give it a guard, or listen on 127\.0\.0\.1$/,
			),
		]);
	});

	test.each([
		["TLS", { tls }],
		["a guard", { guard }],
		["both", { tls, guard }],
	])("does not warn with %s", async (_, options) => {
		expect(await warnings({ ...open, ...options })).toEqual([]);
	});
});

test("a gateway on loopback does not warn", async () => {
	expect(await warnings({})).toEqual([]);
});

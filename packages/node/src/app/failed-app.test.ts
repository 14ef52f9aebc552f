import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { contract, method } from "@allium/core";
import { describe, expect, test, vi } from "vitest";
import { createApp } from "./app.ts";

const Shop = contract("shop", { buy: method({}) });
const sentence = 'PORT is "abc", but takes a port from 0 (any free one) to 65535';
const program = fileURLToPath(new URL("../fixtures/configured-process.ts", import.meta.url));

describe("an app whose configuration cannot be", () => {
	test.each([
		["a port", { PORT: "abc" }, sentence],
		["labels", { ALLIUM_LABELS: "gold" }, 'ALLIUM_LABELS is "gold", but takes key=value,key=value'],
		[
			"a file",
			{ ALLIUM_TLS_CERT: "/no", ALLIUM_TLS_KEY: "/no" },
			"the TLS certificate (tls.cert, ALLIUM_TLS_CERT) names /no, which does not exist; give the path of a PEM file",
		],
	])("ends its process with one sentence: %s", (_, env, message) => {
		const args = ["--conditions=@allium/source", program];
		const options = { env: { PATH: process.env.PATH, ...env }, encoding: "utf8" } as const;
		const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
		expect([status, stdout, stderr]).toEqual([1, "", `shop cannot start: ${message}\n`]);
	});

	test("tells it to the caller of start, and to the callers of its clients", async () => {
		const app = createApp({ name: "shop", env: { PORT: "abc" }, logger: { log: vi.fn() } });
		app.serve(Shop, { buy: async () => {} });
		await expect(app.client(Shop).buy({})).rejects.toMatchObject({ message: sentence });
		await expect(app.start()).rejects.toMatchObject({ reason: "invalid_configuration", message: sentence });
		expect(() => app.config).toThrow(sentence);
		await app.stop();
	});
});

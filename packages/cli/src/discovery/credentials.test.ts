import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contract, describeGuard, method, ServiceError } from "@allium/core";
import { type App, createApp } from "@allium/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { allium } from "../fixtures/processes.ts";

const folder = mkdtempSync(join(tmpdir(), "allium-credentials-"));
const env = { ALLIUM_REGISTRY: `sqlite://${folder}`, ALLIUM_NAMESPACE: "default" };
const secret = "Bearer of-a-secret";
const given = { ...env, ALLIUM_CREDENTIALS: `authorization=${secret}` };

const Vault = contract("vault", { open: method({ output: z.object({ open: z.boolean() }) }) });
let app: App;

beforeAll(async () => {
	app = createApp({
		name: "vault",
		registry: env.ALLIUM_REGISTRY,
		env: {},
		drainDelayMs: 0,
		logger: { log() {} },
		guard: describeGuard(
			({ metadata }, ctx) => {
				if (metadata.get("authorization") === secret) return ctx;
				throw new ServiceError({ code: "unauthenticated", message: "a token, please" });
			},
			{
				schemes: {
					token: { type: "http", scheme: "bearer" },
					key: { type: "apiKey", in: "header", name: "x-key" },
				},
				operations: true,
			},
		),
	});
	app.serve(Vault, { open: async () => ({ open: true }) });
	await app.start();
});

afterAll(async () => {
	await app.stop();
	rmSync(folder, { recursive: true });
});

describe("a service whose guard asks before everything", () => {
	test.each([["describe", "vault"], ["call", "vault", "open"], ["health"]])(
		"without credentials says why, and what helps: %s",
		async (...words) => {
			const { code, stdout, stderr } = await allium(words, env);
			expect(stdout + stderr).toContain("answers 401 unauthenticated: a token, please");
			expect(stdout + stderr).toContain("--credentials name=value, or in ALLIUM_CREDENTIALS");
			expect(code).not.toBe(0);
		},
	);

	test.each([["describe", "vault"], ["call", "vault", "open"], ["health"]])(
		"answers credentials from the environment: %s",
		async (...words) => {
			const { code, stdout, stderr } = await allium(words, given);
			expect([code, stderr]).toEqual([0, ""]);
			expect(stdout).not.toContain("of-a-secret");
		},
	);

	test("is described with what its guard wants", async () => {
		const { stdout } = await allium(["describe", "vault"], given);
		expect(stdout).toContain("\ncallers present token (authorization: bearer) or key (header x-key)\n");
	});

	test("answers credentials of the option, which go with the call, too", async () => {
		const words = ["call", "vault", "open", "--credentials", `authorization=${secret}`];
		expect((await allium(words, env)).stdout).toBe('{"open":true}\n');
	});

	test("credentials that are malformed are refused, and not printed", async () => {
		const option = await allium(["describe", "vault", "--credentials", "of-a-secret"], env);
		expect(option.stderr).toContain("--credentials takes name=value");
		const variable = await allium(["describe", "vault"], { ...env, ALLIUM_CREDENTIALS: "of-a-secret" });
		expect(variable.stderr).toContain("ALLIUM_CREDENTIALS takes name=value");
		expect(option.stderr + variable.stderr).not.toContain("of-a-secret");
	});
});

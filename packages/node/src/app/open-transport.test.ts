import { type Guard, memoryRegistry } from "@allium/core";
import { memoryTransport } from "@allium/core/frames";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority } from "../tls/fixtures/certificates.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { createApp } from "./app.ts";
import type { AppOptions } from "./app-type.ts";

const guard: Guard = (_, ctx) => ctx;

let authority: Authority;
let mutual: TlsOptions;

beforeAll(() => {
	authority = new Authority();
	mutual = { ...authority.issue("server", ["127.0.0.1"]), ca: authority.ca };
});

afterAll(() => authority.remove());

/** Starts and stops an app, and returns the warnings of its log. */
async function warnings(options: Partial<AppOptions>): Promise<string[]> {
	const logged: string[] = [];
	const app = createApp({
		name: "shop",
		registry: memoryRegistry(),
		env: {},
		adapters: { memory: async () => ({ transport: () => memoryTransport() }) },
		drainDelayMs: 0,
		logger: { log: (level, message) => void (level === "warn" && logged.push(message)) },
		...options,
	});
	await app.start();
	await app.stop();
	return logged;
}

test("an app whose port asks for certificates warns once that its transport does not", async () => {
	expect(await warnings({ tls: mutual, transport: "memory://user:secret@broker" })).toEqual([
		"shop asks callers at its port for certificates, but calls over memory://user:***@broker come without; give it a guard, or have the server let only its callers publish to it",
	]);
});

test.each<[string, () => Partial<AppOptions>]>([
	["with a guard", () => ({ tls: mutual, transport: "memory:", guard })],
	["without a transport", () => ({ tls: mutual })],
	["whose port asks nobody", () => ({ transport: "memory:" })],
	[
		"that does not insist on certificates",
		() => ({
			tls: { ...mutual, clientCertificates: "request" },
			transport: "memory:",
		}),
	],
])("an app %s does not warn", async (_, options) => {
	expect(await warnings(options())).toEqual([]);
});

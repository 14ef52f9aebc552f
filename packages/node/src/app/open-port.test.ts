import { type Guard, memoryRegistry } from "@allium/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Authority } from "../tls/fixtures/certificates.ts";
import type { TlsOptions } from "../tls/tls-options.ts";
import { createApp } from "./app.ts";

const guard: Guard = (_, ctx) => ctx;

let authority: Authority;
let certificate: TlsOptions;

beforeAll(() => {
	authority = new Authority();
	certificate = authority.issue("server", ["127.0.0.1"]);
});

afterAll(() => authority.remove());

/** Starts and stops an app, and returns the warnings of its log. */
async function warnings(
	host: string | undefined,
	options: { tls?: TlsOptions; guard?: Guard },
	spansHosts = false,
) {
	const logged: string[] = [];
	const registry = Object.assign(memoryRegistry(), { spansHosts });
	const app = createApp({
		name: "shop",
		registry,
		env: {},
		...(host !== undefined && { host }),
		...options,
		drainDelayMs: 0,
		logger: { log: (level, message) => void (level === "warn" && logged.push(message)) },
	});
	await app.start();
	await app.stop();
	await registry.close();
	return logged;
}

const sentence =
	/^shop listens on (0\.0\.0\.0|\[::\]):\d+ without TLS and without a guard, so everybody who reaches that port may call it; set ALLIUM_TLS \(allium tls init makes certificates\), give it a guard, or listen on 127\.0\.0\.1$/;

test.each(["0.0.0.0", "::"])("an app that listens on %s, where others reach it, warns once", async (host) => {
	expect(await warnings(host, {})).toEqual([expect.stringMatching(sentence)]);
});

test("an app that listens there because its registry spans hosts warns, too", async () => {
	expect(await warnings(undefined, {}, true)).toEqual([expect.stringMatching(sentence)]);
});

test("an app with TLS that lets callers in without it warns, too", async () => {
	const tls: TlsOptions = { ...certificate, plain: "allow" };
	expect(await warnings("0.0.0.0", { tls })).toEqual([expect.stringMatching(sentence)]);
});

test.each([
	["on loopback", undefined, () => ({})],
	["on an address of loopback", "127.0.0.2", () => ({})],
	["under a name of loopback", "localhost", () => ({})],
	["with TLS", "0.0.0.0", () => ({ tls: certificate })],
	["with a guard", "0.0.0.0", () => ({ guard })],
	["with both", "0.0.0.0", () => ({ guard, tls: certificate })],
])("an app %s does not warn", async (_, host, options) => {
	expect(await warnings(host, options())).toEqual([]);
});

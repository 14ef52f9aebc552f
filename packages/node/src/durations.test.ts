import { connect } from "node:net";
import { contract, Endpoints, memoryRegistry, method } from "@allium/core";
import { afterEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { createApp } from "./app/app.ts";
import type { App, AppOptions } from "./app/app-type.ts";
import { http } from "./http/http-transport.ts";
import { acceptFrames } from "./pipe/accept-frames.ts";
import { frames } from "./pipe/frames-transport.ts";
import { checkServerLimits, defaultServerLimits } from "./server/limits.ts";
import { listen } from "./server/server.ts";
import { Credentials } from "./tls/credentials.ts";

const registry = memoryRegistry();
const app = (options: Partial<AppOptions>): App =>
	createApp({ name: "a", registry, env: {}, logger: { log() {} }, ...options });

/** Every duration among the options of this package, and whether it takes Infinity. */
const options: readonly [name: string, give: (milliseconds: number) => unknown, kind?: "finite"][] = [
	["drainDelayMs", (ms) => app({ drainDelayMs: ms }), "finite"],
	["gracePeriodMs", (ms) => app({ gracePeriodMs: ms })],
	["firstByteTimeoutMs", (ms) => app({ limits: { firstByteTimeoutMs: ms } })],
	["handshakeTimeoutMs", (ms) => app({ limits: { handshakeTimeoutMs: ms } })],
	["headersTimeoutMs", (ms) => app({ limits: { headersTimeoutMs: ms } })],
	["bodyTimeoutMs", (ms) => app({ limits: { bodyTimeoutMs: ms } })],
	["idleTimeoutMs", (ms) => checkServerLimits({ idleTimeoutMs: ms })],
	["keepAliveMs", (ms) => app({ limits: { frames: { keepAliveMs: ms } } })],
	["handshakeMs", (ms) => acceptFrames({ limits: { handshakeMs: ms } })],
	["connectTimeoutMs", (ms) => frames({ connectTimeoutMs: ms })],
	["connectTimeoutMs", (ms) => http({ connectTimeoutMs: ms })],
	["reloadMs", (ms) => new Credentials({ reloadMs: ms })],
];

describe("an option that is a duration", () => {
	test.each(options)("names itself when it is no duration: %s", (name, give, kind) => {
		for (const milliseconds of [Number.NaN, -1, ...(kind === undefined ? [] : [Infinity])]) {
			expect(() => give(milliseconds)).toThrow(RangeError);
			expect(() => give(milliseconds)).toThrow(new RegExp(`^${name} .*takes milliseconds|^${name} takes`));
		}
	});

	test.each(options)("takes whatever is one: %s", (_, give, kind) => {
		for (const milliseconds of [1, 2 ** 31, ...(kind === undefined ? [Infinity] : [])]) {
			expect(() => give(milliseconds)).not.toThrow();
		}
	});
});

test("no limit that is a duration is forgotten", () => {
	const names = Object.keys(defaultServerLimits).filter((name) => name.endsWith("Ms"));
	for (const name of names) expect(() => checkServerLimits({ [name]: Number.NaN })).toThrow(`${name} of`);
});

const Greeter = contract("greeter", {
	hello: method({ output: z.object({ greeting: z.string() }), effect: "read" }),
});

/** Longer than any timer of the platform, or infinite. */
const long = [Infinity, 2 ** 31, 1e12];

const ends: (() => unknown)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0)) await end();
});

describe("a bound that is longer than the platform's timers take", () => {
	test.each(long)("does not fire at once on the port: %d ms", async (ms) => {
		const endpoints = new Endpoints();
		endpoints.serve(Greeter, { hello: async () => ({ greeting: "Hello" }) });
		const limits = {
			firstByteTimeoutMs: ms,
			handshakeTimeoutMs: ms,
			headersTimeoutMs: ms,
			bodyTimeoutMs: ms,
			replyTimeoutMs: ms,
			idleTimeoutMs: ms,
		};
		const accept = acceptFrames({ limits: { keepAliveMs: ms, idleMs: ms, handshakeMs: ms } });
		const server = await listen(endpoints, { limits, acceptFrames: accept });
		ends.push(() => server.close());
		const { port } = new URL(server.addresses.find((address) => address.startsWith("http")) ?? "");
		const silent = connect(Number(port), "127.0.0.1");
		let closed = false;
		silent.on("close", () => {
			closed = true;
		});
		for (let n = 0; n < 3; n++) {
			const answer = await fetch(`http://127.0.0.1:${port}/greeter/hello`, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: "{}",
			});
			expect(await answer.json()).toEqual({ greeting: "Hello" });
		}
		expect(closed).toBe(false);
		silent.destroy();
	});

	test.each(long)("lets a stopping app wait for its calls: a gracePeriodMs of %d", async (gracePeriodMs) => {
		const registry = memoryRegistry();
		const server = app({ registry, gracePeriodMs, drainDelayMs: 0 });
		const entered = Promise.withResolvers<void>();
		const release = Promise.withResolvers<void>();
		server.serve(Greeter, {
			async hello() {
				entered.resolve();
				await release.promise;
				return { greeting: "Hello" };
			},
		});
		await server.start();
		const caller = app({ registry });
		ends.push(() => caller.stop());
		const answer = caller.client(Greeter).hello({});
		await entered.promise;
		const stopped = server.stop();
		// Any timer of 1 ms has run out by the time that network connections are made.
		for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
		release.resolve();
		expect(await answer).toEqual({ greeting: "Hello" });
		await stopped;
	});
});

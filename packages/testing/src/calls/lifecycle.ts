import type { ServiceError } from "@allium/core";
import { expect, vi } from "vitest";
import { type Cases, kinds } from "./cases.ts";
import { failure, until, Waiting, type World } from "./world.ts";

/** Closing, draining, restarting. */
export function lifecycleTests(cases: Cases): void {
	closingTests(cases);
	drainTests(cases);
	restartTests(cases);
}

function closingTests(cases: Cases): void {
	cases.each(
		"a call on a closed client is refused, and never reaches the handler",
		kinds,
		async (kind, world) => {
			let handled = 0;
			world.handler = (input) => {
				handled++;
				return input;
			};
			const client = world.connect();
			await client[Symbol.asyncDispose]();
			const error = await failure(world.call(kind, undefined, undefined, client));
			expect(error).toMatchObject({ code: "unavailable", reason: "client_closed", notExecuted: true });
			expect(handled).toBe(0);
		},
	);

	cases.each("closing a client ends its calls on both sides", kinds, async (kind, world) => {
		const waiting = new Waiting();
		world.handler = waiting.handler;
		const client = world.connect();
		const failing = failure(world.call(kind, undefined, undefined, client));
		await waiting.untilArrived();
		await client[Symbol.asyncDispose]();
		expect(await failing).toMatchObject({ code: "unavailable", reason: "client_closed", notExecuted: false });
		await waiting.untilEnded();
		expect(waiting.ended).toEqual(["canceled"]);
	});

	cases.each("closing the server ends its calls on both sides", kinds, async (kind, world) => {
		const waiting = new Waiting();
		world.handler = waiting.handler;
		const failing = failure(world.call(kind));
		await waiting.untilArrived();
		await world.listener.close();
		expect(await failing).toMatchObject({ code: "unavailable", notExecuted: false });
		await waiting.untilEnded();
	});
}

function drainTests(cases: Cases): void {
	cases.each(
		"a server that drains finishes its calls and takes no further ones",
		kinds,
		async (kind, world) => {
			const finish = Promise.withResolvers<void>();
			let arrived = 0;
			world.handler = async function* (input) {
				const messages = await Array.fromAsync(input);
				arrived++;
				await finish.promise;
				yield* messages;
			};
			const inFlight = Array.fromAsync(world.call(kind, [{ text: "in flight" }]));
			await until(() => arrived === 1, "the call arrived");
			let drained = false;
			const draining = world.listener.drain().then(() => {
				drained = true;
			});
			await expectRefusal(world, { code: "unavailable" });
			expect(drained).toBe(false);
			finish.resolve();
			expect(await inFlight).toEqual([{ text: "in flight" }]);
			await draining;
		},
	);

	cases.each(
		"a stream that never ends is ended by a server that stops, on both sides",
		["server_stream", "client_stream", "bidi_stream"],
		async (kind, world) => {
			const reasons: (string | undefined)[] = [];
			let arrived = 0;
			// The handler ignores that its context has ended.
			world.handler = async function* (_, ctx) {
				ctx.signal.addEventListener("abort", () => reasons.push(ctx.error?.reason));
				arrived++;
				await new Promise(() => {});
			};
			const failing = failure(world.call(kind));
			await until(() => arrived === 1, "the call arrived");
			const draining = world.listener.drain();
			world.endpoints.streams.end();
			expect(await failing).toMatchObject({
				code: "unavailable",
				reason: "server_stopping",
				notExecuted: false,
			});
			expect(reasons).toEqual(["server_stopping"]);
			await draining;
		},
		["stopping"],
	);

	cases.one(
		"a call is known not to be executed when a server that drains refused it",
		["told"],
		async (world) => {
			const waiting = new Waiting();
			world.handler = waiting.handler;
			const inFlight = failure(world.call("unary"));
			await waiting.untilArrived();
			void world.listener.drain();
			await expectRefusal(world, { code: "unavailable", notExecuted: true });
			await world.listener.close();
			expect(await inFlight).toMatchObject({ code: "unavailable", notExecuted: false });
		},
	);
}

/** A new call is refused as soon as the client has heard that the server is closing. */
async function expectRefusal(world: World, expected: Partial<ServiceError>): Promise<void> {
	world.handler = (input) => input;
	await vi.waitFor(
		async () => {
			const error = await failure(world.call("unary"));
			expect(error).toMatchObject(expected);
		},
		{ timeout: 5_000, interval: 10 },
	);
}

function restartTests(cases: Cases): void {
	cases.one("a call is known not to be executed when no server is there", ["told"], async (world) => {
		await world.expectHealthy();
		await world.listener.close();
		await expectRefusal(world, { code: "unavailable", notExecuted: true });
	});

	cases.each("a client finds its server again after a restart", kinds, async (kind, world) => {
		await world.expectHealthy();
		await world.listener.close();
		expect(await failure(world.call(kind))).toMatchObject({ code: "unavailable" });
		await world.listen();
		await vi.waitFor(
			async () =>
				expect(await Array.fromAsync(world.call(kind, [{ text: "again" }]))).toEqual([{ text: "again" }]),
			{ timeout: 5_000, interval: 10 },
		);
	});

	cases.each(
		"a connection over which nothing comes any more is left when a call over it ran out of time",
		["unary", "bidi_stream"],
		async (kind, world) => {
			const proxy = await world.throughProxy();
			const call = () =>
				Array.fromAsync(world.call(kind, [{ text: "there?" }], world.background.withTimeout(250)));
			await vi.waitFor(call);
			proxy.silence();
			// Over HTTP, the first call may have opened a connection of its own.
			await call().catch(() => {});
			await vi.waitFor(async () => expect(await call()).toEqual([{ text: "there?" }]), {
				timeout: 10_000,
				interval: 10,
			});
		},
		["cut", "silence"],
	);

	cases.one(
		"a hundred calls to a server that is away knock no more than their budget allows",
		["cut"],
		async (world) => {
			const proxy = await world.throughProxy();
			proxy.refusing = true;
			const client = world.connect({}, proxy.url);
			const calls = Array.from({ length: 100 }, () => failure(client.unary({ text: "there?" })));
			for (const error of await Promise.all(calls)) expect(error.code).toBe("unavailable");
			// The calls, a tenth of them as retries, and the ten retries a second that are always allowed.
			expect(proxy.connections).toBeLessThanOrEqual(100 + 10 + 30);
			proxy.refusing = false;
			await vi.waitFor(async () => expect(await client.unary({ text: "hello" })).toEqual({ text: "hello" }), {
				timeout: 5_000,
				interval: 10,
			});
		},
	);

	cases.one(
		"attempts to connect again are apart, by a random part of a growing pause",
		["backoff", "cut"],
		async (world) => {
			const random = vi.spyOn(Math, "random").mockReturnValue(0);
			try {
				const proxy = await world.throughProxy();
				proxy.refusing = true;
				const knock = (count: number) =>
					Promise.all(Array.from({ length: count }, () => failure(world.call("unary"))));
				// With no randomness there is no pause: each round of calls shares one attempt.
				for (let round = 1; round <= 6; round++) {
					await knock(10);
					expect(proxy.connections).toBe(round);
				}
				// With the largest random value the pause has reached a whole second: calls fail at once, without an
				// attempt.
				random.mockReturnValue(0.99);
				await knock(1);
				expect(proxy.connections).toBe(7);
				for (let round = 0; round < 20; round++) await knock(10);
				expect(proxy.connections).toBe(7);
			} finally {
				random.mockRestore();
			}
		},
	);
}

import type { ServiceError } from "@allium/core";
import { expect, vi } from "vitest";
import { type CallLab, failure, until, Waiting } from "./call-lab.ts";
import { type Cases, kinds } from "./cases.ts";

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
		async (kind, lab) => {
			let handled = 0;
			lab.handler = (input) => {
				handled++;
				return input;
			};
			const client = lab.connect();
			await client[Symbol.asyncDispose]();
			const error = await failure(lab.call(kind, undefined, undefined, client));
			expect(error).toMatchObject({ code: "unavailable", reason: "client_closed", notExecuted: true });
			expect(handled).toBe(0);
		},
	);

	cases.each("closing a client ends its calls on both sides", kinds, async (kind, lab) => {
		const waiting = new Waiting();
		lab.handler = waiting.handler;
		const client = lab.connect();
		const failing = failure(lab.call(kind, undefined, undefined, client));
		await waiting.untilArrived();
		await client[Symbol.asyncDispose]();
		expect(await failing).toMatchObject({ code: "unavailable", reason: "client_closed", notExecuted: false });
		await waiting.untilEnded();
		expect(waiting.ended).toEqual(["canceled"]);
	});

	cases.each("closing the server ends its calls on both sides", kinds, async (kind, lab) => {
		const waiting = new Waiting();
		lab.handler = waiting.handler;
		const failing = failure(lab.call(kind));
		await waiting.untilArrived();
		await lab.listener.close();
		expect(await failing).toMatchObject({ code: "unavailable", notExecuted: false });
		await waiting.untilEnded();
	});
}

function drainTests(cases: Cases): void {
	cases.each(
		"a server that drains finishes its calls and takes no further ones",
		kinds,
		async (kind, lab) => {
			const finish = Promise.withResolvers<void>();
			let arrived = 0;
			lab.handler = async function* (input) {
				const messages = await Array.fromAsync(input);
				arrived++;
				await finish.promise;
				yield* messages;
			};
			const inFlight = Array.fromAsync(lab.call(kind, [{ text: "in flight" }]));
			await until(() => arrived === 1, "the call arrived");
			let drained = false;
			const draining = lab.listener.drain().then(() => {
				drained = true;
			});
			await expectRefusal(lab, { code: "unavailable" });
			expect(drained).toBe(false);
			finish.resolve();
			expect(await inFlight).toEqual([{ text: "in flight" }]);
			await draining;
		},
		["away"],
	);

	cases.each(
		"a stream that never ends is ended by a server that stops, on both sides",
		["server_stream", "client_stream", "bidi_stream"],
		async (kind, lab) => {
			const reasons: (string | undefined)[] = [];
			let arrived = 0;
			// The handler ignores that its context has ended.
			lab.handler = async function* (_, ctx) {
				ctx.signal.addEventListener("abort", () => reasons.push(ctx.error?.reason));
				arrived++;
				await new Promise(() => {});
			};
			const failing = failure(lab.call(kind));
			await until(() => arrived === 1, "the call arrived");
			const draining = lab.listener.drain();
			lab.endpoints.streams.end();
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
		async (lab) => {
			const waiting = new Waiting();
			lab.handler = waiting.handler;
			const inFlight = failure(lab.call("unary"));
			await waiting.untilArrived();
			void lab.listener.drain();
			await expectRefusal(lab, { code: "unavailable", notExecuted: true });
			await lab.listener.close();
			expect(await inFlight).toMatchObject({ code: "unavailable", notExecuted: false });
		},
	);
}

/** A new call is refused as soon as the client has heard that the server is closing. */
async function expectRefusal(lab: CallLab, expected: Partial<ServiceError>): Promise<void> {
	lab.handler = (input) => input;
	await vi.waitFor(
		async () => {
			const error = await failure(lab.call("unary"));
			expect(error).toMatchObject(expected);
		},
		{ timeout: 5_000, interval: 10 },
	);
}

function restartTests(cases: Cases): void {
	cases.one("a call is known not to be executed when no server is there", ["told"], async (lab) => {
		await lab.expectHealthy();
		await lab.listener.close();
		await expectRefusal(lab, { code: "unavailable", notExecuted: true });
	});

	cases.each(
		"a client finds its server again after a restart",
		kinds,
		async (kind, lab) => {
			await lab.expectHealthy();
			await lab.listener.close();
			expect(await failure(lab.call(kind))).toMatchObject({ code: "unavailable" });
			await lab.listen();
			await vi.waitFor(
				async () =>
					expect(await Array.fromAsync(lab.call(kind, [{ text: "again" }]))).toEqual([{ text: "again" }]),
				{ timeout: 5_000, interval: 10 },
			);
		},
		["away"],
	);

	cases.each(
		"a connection over which nothing comes any more is left when a call over it ran out of time",
		["unary", "bidi_stream"],
		async (kind, lab) => {
			const proxy = await lab.throughProxy();
			const call = () =>
				Array.fromAsync(lab.call(kind, [{ text: "there?" }], lab.background.withTimeout(250)));
			await vi.waitFor(call);
			proxy.add({ fault: "drop", connections: "current" });
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
		async (lab) => {
			const proxy = await lab.throughProxy();
			const refusal = proxy.add({ fault: "refuse" });
			const client = lab.connect({});
			const calls = Array.from({ length: 100 }, () => failure(client.unary({ text: "there?" })));
			for (const error of await Promise.all(calls)) expect(error.code).toBe("unavailable");
			// The calls, a tenth of them as retries, and the ten retries a second that are always allowed.
			expect(proxy.connections).toBeLessThanOrEqual(100 + 10 + 30);
			refusal.remove();
			await vi.waitFor(async () => expect(await client.unary({ text: "hello" })).toEqual({ text: "hello" }), {
				timeout: 5_000,
				interval: 10,
			});
		},
	);

	cases.one(
		"attempts to connect again are apart, by a random part of a growing pause",
		["backoff", "cut"],
		async (lab) => {
			const random = vi.spyOn(Math, "random").mockReturnValue(0);
			try {
				const proxy = await lab.throughProxy();
				proxy.add({ fault: "refuse" });
				const knock = (count: number) =>
					Promise.all(Array.from({ length: count }, () => failure(lab.call("unary"))));
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

import { setImmediate } from "node:timers/promises";
import { contract, event, isServiceError, memoryRegistry, method } from "@allium/core";
import { memoryBroker } from "@allium/core/log-broker";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { createApp } from "./app.ts";
import type { App } from "./app-type.ts";

const Greeter = contract("greeter", {
	hello: method({ output: z.object({ greeting: z.string() }), effect: "read" }),
});

const Greetings = contract("greetings", { said: event({ data: z.object({ to: z.string() }) }) });

/** Output and exit code belong to the whole process. */
let printed: string[];
beforeEach(() => {
	printed = [];
	vi.spyOn(process.stderr, "write").mockImplementation((text) => {
		printed.push(String(text));
		return true;
	});
});
afterEach(() => {
	vi.restoreAllMocks();
	process.exitCode = undefined;
});

const callSteps = ["start", "stop", "run", "serve", "client", "call"] as const;
const eventSteps = ["start", "stop", "run", "subscribe", "publish"] as const;
type Step = (typeof callSteps | typeof eventSteps)[number];

/** All orders of the given number of these steps. */
function orders(steps: readonly Step[], length: number): Step[][] {
	if (length === 0) return [[]];
	return orders(steps, length - 1).flatMap((order) => steps.map((step) => [...order, step]));
}

/** An app, the outcome of its steps, and the expected outcome. */
class Life {
	readonly app: App = createApp({
		name: "a",
		registry: memoryRegistry(),
		broker: memoryBroker(),
		publishes: [Greetings],
		env: { NODE_ENV: "production" },
		drainDelayMs: 0,
		logger: { log() {} },
	});
	/** This is made before everything else. */
	readonly #client = this.app.client(Greeter, { middleware: [] });
	readonly #runs: Promise<void>[] = [];
	#hasStarted = false;
	#hasStopped = false;
	#serves = false;
	#subscribes = false;

	/** The outcome of a step: `"done"`, the answer of a call, or a sentence. */
	async take(step: Step): Promise<string> {
		try {
			return await this.#take(step);
		} catch (error) {
			return isServiceError(error) ? `${error.code}: ${error.message}` : String(error);
		}
	}

	/** The expected outcome. */
	expected(step: Step): string {
		const { hasStopped, hasStarted } = { hasStopped: this.#hasStopped, hasStarted: this.#hasStarted };
		const refusal = "a was stopped, and starts only once; make another one to start again";
		switch (step) {
			case "start":
				if (hasStopped) return `failed_precondition: ${refusal}`;
				this.#hasStarted = true;
				return "done";
			case "run":
				if (hasStopped) return `printed: a cannot start: ${refusal}`;
				this.#hasStarted = true;
				return "running";
			case "stop":
				this.#hasStopped = true;
				return "done";
			case "serve":
				if (hasStarted) return "TypeError: serve() comes before start() and run()";
				if (hasStopped) return "TypeError: serve() comes before stop(); a was stopped";
				if (this.#serves) return 'TypeError: service "greeter" is served already';
				this.#serves = true;
				return "done";
			case "subscribe":
				if (hasStarted) return "TypeError: subscribe() comes before start() and run()";
				if (hasStopped) return "TypeError: subscribe() comes before stop(); a was stopped";
				if (this.#subscribes)
					return expect.stringContaining('TypeError: the group "a" handles "greetings" already');
				this.#subscribes = true;
				return "done";
			case "publish":
				return hasStopped ? "failed_precondition: a has stopped, and publishes no more events" : "done";
			case "client":
				return hasStopped ? "TypeError: client() comes before stop(); a has stopped" : "done";
			case "call":
				if (hasStopped) return "unavailable: the client is closed";
				return hasStarted && this.#serves ? "Hello" : 'unavailable: no instance of "greeter" is up';
		}
	}

	/** Stops it, and waits until all runs have ended. */
	async end(): Promise<void> {
		await this.app.stop();
		await Promise.all(this.#runs);
	}

	async #take(step: Step): Promise<string> {
		const { app } = this;
		switch (step) {
			case "start":
			case "stop":
				await app[step]();
				return "done";
			case "run":
				return this.#run();
			case "serve":
				app.serve(Greeter, { hello: async () => ({ greeting: "Hello" }) });
				return "done";
			case "subscribe":
				app.subscribe(Greetings, { async said() {} });
				return "done";
			case "publish":
				await app.publish(Greetings.said({ to: "John" }));
				return "done";
			case "client":
				app.client(Greeter);
				return "done";
			case "call":
				return (await this.#client.hello({})).greeting;
		}
	}

	async #run(): Promise<string> {
		const before = printed.length;
		const run = this.app.run();
		this.#runs.push(run);
		// It runs until it is stopped. It has started when a second start has nothing to do.
		await this.app.start().catch(() => run);
		const [line] = printed.slice(before);
		return line === undefined ? "running" : `printed: ${line.trim()}`;
	}
}

/** The open handles that keep the process from ending. */
function handles(): string[] {
	return process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout|Pipe/.test(kind));
}

describe.each([
	...callSteps.map((first) => ({ first, kind: "calls", steps: callSteps, more: 3 })),
	...eventSteps.map((first) => ({ first, kind: "events", steps: eventSteps, more: 2 })),
])("every order of the steps with $kind that begins with $first", ({ first, steps, more }) => {
	test("has one right outcome for each, and ends with nothing left", async () => {
		const before = handles().length;
		const signals = process.listenerCount("SIGTERM");
		for (const rest of orders(steps, more)) {
			const order = [first, ...rest];
			const life = new Life();
			const outcomes: string[] = [];
			const expected: string[] = [];
			for (const step of order) {
				outcomes.push(await life.take(step));
				expected.push(life.expected(step));
			}
			expect({ order, outcomes }).toEqual({ order, outcomes: expected });
			await life.end();
		}
		expect(process.listenerCount("SIGTERM")).toBe(signals);
		// vi.waitFor would count its own timers.
		while (handles().length > before) await setImmediate();
	});
});

describe("steps that do not wait for each other", () => {
	test("a stop while it starts ends the start, and what was started", async () => {
		const { app } = new Life();
		const starting = expect(app.start()).rejects.toMatchObject({ code: "canceled", reason: "stopped" });
		await app.stop();
		await starting;
		await expect(fetch(app.addresses.find((address) => address.startsWith("http")) ?? "")).rejects.toThrow();
	});

	test("a stop while it runs ends the run, once it has stopped", async () => {
		const { app } = new Life();
		const running = app.run();
		const stopping = app.stop();
		await running;
		await stopping;
		expect([printed, process.exitCode]).toEqual([[], undefined]);
	});

	test("a signal that somebody else takes for a reason to stop does not end the process at once", async () => {
		const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
		const others = process.listenerCount("SIGTERM");
		const { app } = new Life();
		const stop = (): void => void app.stop();
		process.on("SIGTERM", stop);
		const running = app.run();
		await app.start();
		for (const listener of process.listeners("SIGTERM").slice(others)) listener("SIGTERM");
		await running;
		process.removeListener("SIGTERM", stop);
		expect(exit).not.toHaveBeenCalled();
	});

	test("a start while it stops is refused", async () => {
		const { app } = new Life();
		await app.start();
		const stopping = app.stop();
		await expect(app.start()).rejects.toMatchObject({ code: "failed_precondition", reason: "stopped" });
		await stopping;
	});

	test("what handles a call while it stops may still make a client", async () => {
		const registry = memoryRegistry();
		const options = { registry, env: {}, drainDelayMs: 0, logger: { log() {} } };
		const other = createApp({ ...options, name: "other" });
		other.serve(Greeter, { hello: async () => ({ greeting: "Hello" }) });
		await other.start();
		const Relay = contract("relay", { ask: method({ output: z.object({ greeting: z.string() }) }) });
		const relay = createApp({ ...options, name: "relay" });
		const stopping = Promise.withResolvers<void>();
		const called = Promise.withResolvers<void>();
		relay.serve(Relay, {
			async ask(_, ctx) {
				called.resolve();
				await stopping.promise;
				return relay.client(Greeter).hello({}, ctx);
			},
		});
		await relay.start();
		const answer = other.client(Relay).ask({});
		await called.promise;
		const stopped = relay.stop();
		stopping.resolve();
		expect(await answer).toEqual({ greeting: "Hello" });
		await stopped;
		await other.stop();
	});
});

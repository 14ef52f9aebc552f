import {
	Context,
	contract,
	type Delivery,
	delivery,
	event,
	isServiceError,
	type LogLevel,
	later,
	memoryRegistry,
	method,
	type Publish,
	type Registry,
	type Service,
} from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import type { Broker, BrokerFeatures } from "@allium/core/event";
import { memoryBroker } from "@allium/core/log-broker";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import type { Adapter } from "../config/backends.ts";
import { createApp } from "./app.ts";
import type { App, AppOptions } from "./app-type.ts";

const Id = z.object({ id: z.string() });

const Matches = contract("matches", {
	start: method({ input: Id }),
	started: event({ key: "id", data: Id }),
	ended: event({ key: "id", data: z.object({ id: z.string(), winner: z.string() }) }),
});

const Players = contract("players", {
	reward: method({ input: Id }),
	rewarded: event({ key: "id", data: Id }),
});

let registry: Registry;
let broker: Broker;
let lines: { app: string; level: LogLevel; message: string; fields: Readonly<Record<string, unknown>> }[];
const apps: App[] = [];

beforeEach(() => {
	registry = memoryRegistry();
	broker = memoryBroker();
	lines = [];
});

afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
	await broker.close();
});

function makeApp(name: string, options: Partial<AppOptions> = {}): App {
	const logger = {
		log(level: LogLevel, message: string, fields = {}) {
			lines.push({ app: name, level, message, fields });
		},
	};
	const app = createApp({ name, registry, broker, env: {}, drainDelayMs: 0, logger, ...options });
	apps.push(app);
	return app;
}

/** A service that gets its `publish` as a parameter. */
function matchesWith(publish: Publish): Service<typeof Matches> {
	return {
		async start({ id }, ctx) {
			await publish(Matches.started({ id }), ctx);
		},
	};
}

function said(message: string | RegExp) {
	return lines.filter((line) =>
		typeof message === "string" ? line.message === message : message.test(line.message),
	);
}

describe("two apps of one process", () => {
	test("share a broker: one publishes in a call, the other handles it, and publishes what follows from it", async () => {
		const matches = makeApp("matches");
		matches.serve(Matches, matchesWith(matches.publish));
		const players = makeApp("players");
		players.serve(Players, { reward: async () => {} });
		const [started, rewarded] = [Promise.withResolvers<Delivery>(), Promise.withResolvers<Delivery>()];
		players.subscribe(Matches, {
			async started({ id }, ctx) {
				started.resolve(delivery(ctx));
				await players.publish(Players.rewarded({ id }), ctx);
			},
		});
		matches.subscribe(Players, { rewarded: (_, ctx) => rewarded.resolve(delivery(ctx)) });
		await Promise.all([matches.start(), players.start()]);

		await matches.client(Matches).start({ id: "m1" });

		const [cause, effect] = [await started.promise, await rewarded.promise];
		expect(effect).toMatchObject({
			key: "m1",
			group: "matches",
			causationId: cause.id,
			correlationId: cause.correlationId,
		});
	});

	test("each get all events, in groups that are named like them", async () => {
		const seen: string[] = [];
		for (const name of ["rewards", "stats"]) {
			const app = makeApp(name);
			app.subscribe(Matches, { started: (_, ctx) => void seen.push(`${name}: ${delivery(ctx).group}`) });
			await app.start();
		}
		const matches = makeApp("matches", { publishes: [Matches] });
		await matches.publish(Matches.started({ id: "m1" }), Context.background());
		await vi.waitFor(() => expect(seen.sort()).toEqual(["rewards: rewards", "stats: stats"]));
	});
});

describe("an app that handles events", () => {
	test("misses nothing that is published once it has started, and needs no service of its own", async () => {
		const app = makeApp("rewards", { publishes: [Matches] });
		const seen: string[] = [];
		app.subscribe(Matches, { started: ({ id }) => void seen.push(id) });
		await app.start();
		for (let count = 0; count < 50; count++) {
			await app.publish(Matches.started({ id: `m${count % 5}` }), Context.background());
		}
		await vi.waitFor(() => expect(seen).toHaveLength(50));
		const [url = ""] = app.addresses.filter((address) => address.startsWith("http:"));
		expect((await fetch(`${url}/readyz`)).status).toBe(200);
	});

	test("handles an event that is published for later, later", async () => {
		const app = makeApp("rewards", { publishes: [Matches] });
		const seen = Promise.withResolvers<number>();
		app.subscribe(Matches, { started: () => seen.resolve(performance.now()) });
		await app.start();
		const publishedAt = performance.now();
		await app.publish(later(Matches.started({ id: "m1" }), 100), Context.background());
		expect((await seen.promise) - publishedAt).toBeGreaterThanOrEqual(99);
	});

	test("may have several groups of one contract, but not one group twice", () => {
		const app = makeApp("rewards");
		const handlers = { started: () => {} };
		app.subscribe(Matches, handlers);
		app.subscribe(Matches, handlers, { group: "others" });
		app.subscribe(Players, { rewarded: () => {} });
		expect(() => app.subscribe(Matches, handlers)).toThrow(
			new TypeError(
				'the group "rewards" handles "matches" already; put both handlers into one object, or name another group',
			),
		);
	});

	test("says so before it starts", async () => {
		const app = makeApp("rewards");
		const subscribe = () => app.subscribe(Matches, { started: () => {} });
		await app.start();
		expect(subscribe).toThrow("subscribe() comes before start() and run()");
		await app.stop();
		const stopped = makeApp("rewards");
		await stopped.stop();
		expect(() => stopped.subscribe(Matches, { started: () => {} })).toThrow(
			"subscribe() comes before stop()",
		);
	});

	test("says at start what its groups can rely on, and where new ones begin", async () => {
		await makeApp("matches", { publishes: [Matches] }).publish(
			[Matches.started({ id: "m1" }), Matches.started({ id: "m2" })],
			Context.background(),
		);
		const app = makeApp("rewards");
		app.subscribe(Matches, { started: () => {} });
		await app.start();
		expect(said("events are handled")).toMatchObject([
			{
				app: "rewards",
				level: "info",
				fields: { topic: "matches", group: "rewards", broker: "memory:", order: "key", park: "key" },
			},
		]);
		expect(said(/from: "start" takes what was published before/)).toMatchObject([{ fields: { skipped: 2 } }]);
		expect(said("rewards is ready")).toMatchObject([{ fields: { broker: "memory:" } }]);
	});
});

describe("an app that stops", () => {
	test("finishes the events in hand, while its own services can still be called", async () => {
		const app = makeApp("players", { publishes: [Matches] });
		const rewarded: string[] = [];
		app.serve(Players, { reward: async ({ id }) => void rewarded.push(id) });
		const players = app.client(Players);
		const [begun, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
		app.subscribe(Matches, {
			async started({ id }, ctx) {
				begun.resolve();
				await go.promise;
				await players.reward({ id }, ctx);
			},
		});
		await app.start();
		await app.publish(Matches.started({ id: "m1" }), Context.background());
		await begun.promise;
		const stopped = app.stop();
		go.resolve();
		await stopped;
		expect(rewarded).toEqual(["m1"]);
		expect(said(/could not/)).toEqual([]);
	});

	test("does not wait for a handler that never ends, and another process gets the event", async () => {
		const stuck = makeApp("rewards", { publishes: [Matches], gracePeriodMs: 50 });
		const begun = Promise.withResolvers<Context>();
		stuck.subscribe(Matches, {
			started(_, ctx) {
				begun.resolve(ctx);
				return new Promise(() => {});
			},
		});
		await stuck.start();
		await stuck.publish(Matches.started({ id: "m1" }), Context.background());
		const ctx = await begun.promise;
		await stuck.stop();
		expect(ctx.error).toBeDefined();
		const message = "handlers still ran after 50 ms; their events are handled again";
		expect(said("could not drain the events in hand in order")).toMatchObject([
			{ fields: { error: { message } } },
		]);

		const next = makeApp("rewards");
		const handled = Promise.withResolvers<string>();
		next.subscribe(Matches, { started: ({ id }) => handled.resolve(id) });
		await next.start();
		expect(await handled.promise).toBe("m1");
	});

	test("waits for what it publishes, and publishes nothing afterwards", async () => {
		const app = makeApp("matches", {
			publishes: [Matches],
			broker: "test:",
			adapters: adapterOf(memoryBroker()),
		});
		await app.start();
		const published = app.publish(Matches.started({ id: "m1" }), Context.background());
		await app.stop();
		expect(await published).toHaveLength(1);
		await expect(app.publish(Matches.started({ id: "m2" }), Context.background())).rejects.toMatchObject({
			code: "failed_precondition",
		});
	});
});

describe("who may publish", () => {
	test("is the app that serves the contract, and an app that says so", async () => {
		const ctx = Context.background();
		const stranger = makeApp("stranger");
		await expect(stranger.publish(Matches.started({ id: "m1" }), ctx)).rejects.toMatchObject({
			code: "permission_denied",
			reason: "not_publisher",
			message: expect.stringContaining('stranger does not serve "matches"'),
		});
		const matches = makeApp("matches");
		matches.serve(Matches, matchesWith(matches.publish));
		await matches.publish(Matches.started({ id: "m1" }), ctx);
		await makeApp("tools", { publishes: [Matches] }).publish(Matches.started({ id: "m1" }), ctx);
	});
});

describe("in development, a handler that publishes without its context is told", () => {
	test("once, for calls and for events", async () => {
		const app = makeApp("matches");
		app.serve(Matches, { start: async ({ id }) => void (await app.publish(Matches.started({ id }))) });
		app.subscribe(Matches, {
			async started({ id }) {
				await app.publish(Matches.ended({ id, winner: "p1" }));
			},
		});
		await app.start();
		const client = app.client(Matches);
		for (const id of ["m1", "m2"]) await client.start({ id });
		const message = "a handler publishes events without its context; pass ctx as the second argument";
		await vi.waitFor(() =>
			expect(said(message).map(({ fields }) => fields.handler)).toEqual(["matches/start", "matches/started"]),
		);
	});

	test("but not outside of handlers", async () => {
		const app = makeApp("matches", { publishes: [Matches] });
		await app.publish(Matches.started({ id: "m1" }));
		expect(said(/without its context/)).toEqual([]);
	});
});

/** An adapter whose URLs lead to a broker. */
function adapterOf(opened: Broker, open = vi.fn(async () => opened)) {
	const adapter: Adapter = { broker: open };
	return { test: async () => adapter };
}

describe("the broker", () => {
	test("is found by the URL of ALLIUM_BROKER, and closed with the app", async () => {
		const opened = memoryBroker();
		const close = vi.spyOn(opened, "close");
		const adapters = adapterOf(opened);
		const app = makeApp("matches", {
			publishes: [Matches],
			broker: undefined,
			env: { ALLIUM_BROKER: "test:" },
			adapters,
		});
		await app.start();
		await app.publish(Matches.started({ id: "m1" }), Context.background());
		await app.stop();
		expect(close).toHaveBeenCalledOnce();
	});

	test("stays open when it was given open", async () => {
		const close = vi.spyOn(broker, "close");
		const app = makeApp("matches", { publishes: [Matches] });
		await app.start();
		await app.stop();
		expect(close).not.toHaveBeenCalled();
	});

	test("is not opened by an app without events", async () => {
		const open = vi.fn(async () => broker);
		const app = makeApp("players", { broker: "test:", adapters: adapterOf(broker, open) });
		app.serve(contract("plain", { ping: method({}) }), { ping: async () => {} });
		await app.start();
		await app.stop();
		expect(open).not.toHaveBeenCalled();
	});

	test("that cannot be reached keeps the app from starting, in one sentence", async () => {
		const open = vi.fn(() => Promise.reject(new Error("connection refused")));
		const app = makeApp("matches", {
			publishes: [Matches],
			broker: "test:",
			adapters: adapterOf(broker, open),
		});
		await expect(app.start()).rejects.toMatchObject({
			code: "unavailable",
			message:
				"the broker at test: cannot be reached: connection refused; start it, or set the option broker to another one",
		});
	});

	test("that is away is told to a handler that publishes and in the log, and not to the caller", async () => {
		const place = "the broker at test://user@inner:1 does not answer";
		const app = makeApp("matches", {
			broker: {
				...lacking(broker, {}),
				open: async (...given) => ({
					...(await broker.open(...given)),
					publish: () => Promise.reject(unavailable(place)),
				}),
			},
		});
		const seen: unknown[] = [];
		app.serve(Matches, {
			async start({ id }, ctx) {
				const brief = ctx.withTimeout(200);
				await app.publish(Matches.started({ id }), brief).catch((error) => {
					seen.push(error);
					throw error;
				});
			},
		});
		await app.start();
		const called = app.client(Matches).start({ id: "m1" });
		await expect(called).rejects.toMatchObject({ code: "unavailable", message: "unavailable" });
		expect(seen).toMatchObject([{ code: "unavailable", message: place }]);
		expect(said("a backend is unavailable")).toMatchObject([{ fields: { error: { message: place } } }]);
	});

	test("that lacks what a group asks for keeps the app from starting, in one sentence", async () => {
		const weak = lacking(broker, { keyOrder: false, park: "event", replay: false });
		for (const [options, sentence] of [
			[{ park: "key" }, 'the group rewards of matches asks for park: "key", but memory: cannot hold a key'],
			[{ order: "key" }, "the group rewards of matches asks for order by key, but memory: does not keep it"],
			[
				{ from: "start" },
				'the group rewards of matches asks for from: "start", but memory: has no earlier events',
			],
		] as const) {
			const app = makeApp("rewards", { broker: weak });
			app.subscribe(Matches, { started: () => {} }, options);
			const failure = await app.start().catch((error: unknown) => error);
			expect(isServiceError(failure) && failure.message).toContain(sentence);
			expect(await registry.list()).toEqual([]);
		}
		const content = makeApp("rewards", { broker: weak });
		content.subscribe(Matches, { started: () => {} });
		await content.start();
		expect(said("events are handled").at(-1)?.fields).toMatchObject({ order: "none", park: "event" });
	});
});

/** The same broker with other features. */
function lacking(strong: Broker, features: Partial<BrokerFeatures>): Broker {
	return {
		location: strong.location,
		async open(topic, options, ctx) {
			const opened = await strong.open(topic, options, ctx);
			return {
				topic,
				lanes: opened.lanes,
				features: { ...opened.features, ...features },
				retainMs: opened.retainMs,
				publish: (events, ctx) => opened.publish(events, ctx),
			};
		},
		consume: (spec, deliver, ctx) => strong.consume(spec, deliver, ctx),
		parking: (id) => strong.parking(id),
		close: () => strong.close(),
	};
}

describe("a group in trouble", () => {
	/** A broker whose groups report this. */
	function troubled(trouble: string | undefined): Broker {
		const weak = lacking(broker, {});
		return {
			...weak,
			async consume(spec, deliver, ctx) {
				const consumer = await broker.consume(spec, deliver, ctx);
				return {
					drain: (ctx) => consumer.drain(ctx),
					close: () => consumer.close(),
					report: async () => ({
						lanes: 16,
						passedOver: 0,
						lag: 3,
						...(trouble !== undefined && { trouble }),
					}),
				};
			},
		};
	}

	async function readyz(critical: boolean, trouble?: string) {
		const app = makeApp("rewards", { broker: troubled(trouble) });
		app.subscribe(Matches, { started: () => {} }, { critical });
		await app.start();
		const [url = ""] = app.addresses.filter((address) => address.startsWith("http:"));
		const response = await fetch(`${url}/readyz`);
		return { status: response.status, body: (await response.json()) as unknown };
	}

	test("is reported, and calls go on", async () => {
		expect(await readyz(false, "lane 3 has diverged")).toMatchObject({
			status: 200,
			body: { checks: [{ name: "matches/rewards", ok: false, error: "lane 3 has diverged" }] },
		});
	});

	test("makes the process not ready where it is critical", async () => {
		expect(await readyz(true, "lane 3 has diverged")).toMatchObject({ status: 503 });
	});

	test("is not in trouble while it works; its figures are told", async () => {
		expect(await readyz(true)).toMatchObject({
			status: 200,
			body: { checks: [{ name: "matches/rewards", ok: true, facts: { lag: "3", lanes: "16" } }] },
		});
	});
});

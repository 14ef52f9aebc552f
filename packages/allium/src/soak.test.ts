import { getEventListeners } from "node:events";
import { type ClientLayers, Endpoints, memoryRegistry } from "@allium/core";
import { memoryTransport } from "@allium/core/frames";
import type { Listener } from "@allium/core/transport";
import { acceptFrames, listen } from "@allium/node";
import {
	type App,
	allium,
	bulkhead,
	type Client,
	Context,
	cache,
	circuitBreaker,
	createClient,
	fanOut,
	hedge,
	race,
	retry,
	singleFlight,
	timeout,
} from "allium";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { lasting, numbers, Soak, soak } from "./fixtures/soak/contract.ts";
import { growth } from "./fixtures/soak/growth.ts";

// Memory is measured after garbage is collected, which takes its time.
vi.setConfig({ testTimeout: 300_000 });

const background = Context.background();
const ignore = (): void => {};

/** A signal that lives as long as the process, such as that of a shutdown. */
const shutdown = new AbortController().signal;

type SoakClient = Client<typeof Soak>;

/** A context that was canceled before it was used. */
function canceled(): Context {
	const { ctx, cancel } = background.withCancel();
	cancel();
	return ctx;
}

/** Every way in which a context ends, or has ended. */
const contexts: Readonly<Record<string, () => Context>> = {
	"that was canceled": canceled,
	"that was canceled, of which a signal was asked": () => {
		const ctx = canceled();
		ctx.signal.throwIfAborted;
		return ctx;
	},
	"whose time was up": () => background.withTimeout(-1),
	"whose time was up, with a signal": () => background.withTimeout(-1).withSignal(shutdown),
	"whose signal had aborted": () => background.withSignal(AbortSignal.abort()),
	"that was canceled, with a signal": () => canceled().withSignal(shutdown),
	"that was canceled, with a deadline": () => canceled().withTimeout(60_000),
	"that goes on, with a deadline": () => background.withTimeout(60_000),
	"that goes on, with a signal": () => background.withSignal(shutdown),
	"that goes on, with a signal and a deadline": () => background.withSignal(shutdown).withTimeout(60_000),
	"that nobody ever cancels": () => background.withCancel().ctx,
};

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
	for await (const _ of messages);
}

async function takeOne(messages: AsyncIterable<unknown>): Promise<void> {
	for await (const _ of messages) return;
}

/** Every kind of call, with a given context. */
const calls: Readonly<Record<string, (client: SoakClient, ctx: Context) => Promise<unknown>>> = {
	unary: (client, ctx) => client.echo({ n: 1 }, ctx),
	"server stream": (client, ctx) => drain(client.count({ n: 3 }, ctx)),
	"client stream": (client, ctx) => client.sum(numbers(1, 2, 3), ctx),
	"bidirectional stream": (client, ctx) => drain(client.double(numbers(1, 2), ctx)),
};

/** Every way in which a call ends. */
const ends: Readonly<Record<string, (client: SoakClient) => Promise<unknown>>> = {
	"a unary call that fails": (client) => client.fail({ n: 1 }),
	"a unary call that is canceled": async (client) => {
		const { ctx, cancel } = background.withCancel();
		const answer = client.hang({ n: 1 }, ctx);
		setImmediate(cancel);
		await answer;
	},
	"a unary call whose time runs out": (client) => client.hang({ n: 1 }, background.withTimeout(3)),
	"a unary call whose signal aborts": async (client) => {
		const button = new AbortController();
		const answer = client.hang({ n: 1 }, background.withSignal(shutdown).withSignal(button.signal));
		setImmediate(() => button.abort());
		await answer;
	},
	"a stream that nobody reads": async (client) => void client.count({ n: 3 }),
	"a stream that its consumer leaves": (client) => takeOne(client.count({ n: 11 })),
	"a stream that is left before it began": async (client) => {
		await client.count({ n: 3 })[Symbol.asyncIterator]().return?.();
	},
	"a stream that is left while it is opened": async (client) => {
		const messages = client.count({ n: 3 })[Symbol.asyncIterator]();
		const first = messages.next();
		await messages.return?.();
		await first;
	},
	"an input that the handler leaves": (client) => client.sum(numbers(1, -1, 2, 3)),
	"a bidirectional stream that its consumer leaves": (client) => takeOne(client.double(lasting())),
	"an input that throws": async (client) => {
		await client.sum(
			(async function* () {
				yield { n: 1 };
				throw new Error("no more");
			})(),
		);
	},
	"a race": (client) =>
		race(background.withTimeout(60_000), [
			(ctx) => client.echo({ n: 1 }, ctx),
			(ctx) => client.hang({ n: 1 }, ctx),
		]),
	"things done at once of which one fails": (client) =>
		fanOut(background, [(ctx) => client.fail({ n: 1 }, ctx), (ctx) => client.hang({ n: 1 }, ctx)]),
};

/** Layers that keep data about the calls that pass. */
const layers: Readonly<Record<string, ClientLayers>> = {
	hedge: { middleware: [timeout(), hedge({ afterMs: 0 })] },
	"hedge that never does": { middleware: [timeout(), hedge({ afterMs: Number.POSITIVE_INFINITY })] },
	"single flight": { middleware: [singleFlight()] },
	cache: { middleware: [cache({ ttlMs: 1 })] },
	bulkhead: { middleware: [bulkhead({ concurrency: 1, queue: 10 })] },
	"circuit breaker": { middleware: [circuitBreaker()], attempt: [circuitBreaker({ per: "instance" })] },
	"no layers": { middleware: [] },
	"attempt layers": { middleware: [retry()], attempt: [timeout()] },
};

const memory = memoryTransport();
let listeners: Listener[];
let urls: Readonly<Record<string, string>>;

beforeAll(async () => {
	const endpoints = new Endpoints();
	endpoints.serve(Soak, soak);
	const port = await listen(endpoints, { acceptFrames: acceptFrames() });
	listeners = [port, await memory.listen(endpoints, { address: "soak" })];
	const [frames = "", http = ""] = port.addresses;
	urls = { frames, http, "web socket": http.replace("http:", "ws:"), memory: "memory://soak" };
});

afterAll(async () => {
	for (const listener of listeners) await listener.close();
});

function dial(transport: string, options: ClientLayers = {}): SoakClient {
	const url = urls[transport] ?? "";
	if (transport === "memory") return createClient(Soak, { url, transports: [memory], ...options });
	return createClient(Soak, { url, ...options });
}

type Ways = Readonly<Record<string, () => Promise<unknown>>>;

/** Repeats the actions in turn, and checks that they leave nothing behind. If they do, it finds out which one does. */
async function expectFlat(ways: Ways): Promise<void> {
	const all = async (): Promise<void> => {
		for (const run of Object.values(ways)) await run().catch(ignore);
	};
	const grown = await growth(all);
	expect(getEventListeners(shutdown, "abort").length).toBe(0);
	if (grown === undefined) return;
	const kept: Record<string, unknown> = { all: grown };
	for (const [name, run] of Object.entries(ways)) kept[name] = await growth(() => run().catch(ignore));
	expect(kept).toEqual({});
}

function mapped<T>(things: Readonly<Record<string, T>>, run: (thing: T) => Promise<unknown>): Ways {
	return Object.fromEntries(Object.entries(things).map(([name, thing]) => [name, () => run(thing)]));
}

describe.each(["frames", "http", "web socket", "memory"])("a client over %s keeps nothing", (transport) => {
	let client: SoakClient;
	beforeAll(() => {
		client = dial(transport);
	});
	afterAll(() => client[Symbol.asyncDispose]());

	test.each(Object.entries(calls))("of a %s, whatever its context", async (_, call) => {
		await expectFlat(mapped(contexts, (make) => call(client, make())));
	});

	test("of a call, however it ends", async () => {
		await expectFlat(mapped(ends, (end) => end(client)));
	});

	test("of clients that were closed", async () => {
		await expectFlat({
			"after a call": async () => {
				await using own = dial(transport);
				await own.echo({ n: 1 });
			},
			"without a call": () => dial(transport)[Symbol.asyncDispose](),
			"during calls": async () => {
				const own = dial(transport);
				const answers = Promise.allSettled([
					own.hang({ n: 1 }),
					takeOne(own.double(lasting())),
					own.sum(lasting()),
				]);
				await own.echo({ n: 1 });
				await own[Symbol.asyncDispose]();
				await answers;
			},
		});
	});
});

test.each(["frames", "memory"])(
	"the layers of a client over %s keep nothing of calls that pass",
	async (transport) => {
		const clients = Object.entries(layers).map(
			([name, options]) => [name, dial(transport, options)] as const,
		);
		await expectFlat(
			mapped(Object.fromEntries(clients), async (layered) => {
				await layered.echo({ n: 1 });
				await Promise.allSettled([
					layered.echo({ n: 2 }, background.withSignal(shutdown)),
					layered.fail({ n: 2 }),
					layered.echo({ n: 1 }, canceled()),
					takeOne(layered.count({ n: 11 })),
				]);
			}),
		);
		for (const [, layered] of clients) await layered[Symbol.asyncDispose]();
	},
);

test.each(["allium:", "http:", "ws:"])(
	"calls of an address where nobody is leave nothing: %s",
	async (scheme) => {
		await using client = createClient(Soak, { url: `${scheme}//127.0.0.1:1`, middleware: [] });
		await expectFlat({
			"a unary call": () => client.echo({ n: 1 }, background.withSignal(shutdown)),
			"an input": () => client.sum(numbers(1)),
			"a stream": () => drain(client.count({ n: 1 })),
		});
	},
);

test("an app keeps nothing of clients that were closed, nor of itself once it has stopped", async () => {
	const registry = memoryRegistry();
	const make = (): App => allium({ name: "soak", registry, env: {}, logger: { log() {} }, drainDelayMs: 0 });
	const server = make();
	server.serve(Soak, soak);
	await server.start();
	const caller = make();
	await expectFlat({
		"a client after a call": async () => {
			await using client = caller.client(Soak);
			await client.echo({ n: 1 });
		},
		"a client without a call": async () => {
			await using _ = caller.client(Soak);
		},
		"an app": async () => {
			const app = make();
			app.serve(Soak, soak);
			await app.start();
			await app.client(Soak).echo({ n: 1 });
			await app.stop();
		},
	});
	await caller.stop();
	await server.stop();
});

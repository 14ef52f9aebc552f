import {
	type Context,
	contract,
	type EndpointTable,
	type Method,
	memoryRegistry,
	method,
	type Registry,
} from "@allium/core";
import {
	type Acceptor,
	type Dialer,
	type Listener,
	type Peer,
	ServerCall,
	succeeded,
	type Transport,
	unreachable,
} from "@allium/core/transport";
import { afterEach, describe, expect, test } from "vitest";
import * as z from "zod";
import type { Adapters } from "../config/backends.ts";
import { frames } from "../pipe/frames-transport.ts";
import { createApp } from "./app.ts";
import type { App, AppOptions } from "./app-type.ts";

const Adder = contract("adder", {
	add: method({ input: z.object({ n: z.int() }), output: z.object({ n: z.int() }), effect: "read" }),
});

/** A transport as a third party may write it: it runs unary calls within the process, at `direct:` addresses. */
class DirectTransport implements Transport {
	readonly scheme: string = "direct";
	/** The address of each call. */
	readonly called: string[] = [];
	readonly #tables = new Map<string, EndpointTable>();

	get isOpen(): boolean {
		return this.#tables.size > 0;
	}

	async listen(endpoints: EndpointTable): Promise<Listener> {
		const address = `direct:${this.#tables.size}`;
		this.#tables.set(address, endpoints);
		return {
			addresses: [address],
			drain: async () => {},
			close: async () => {
				this.#tables.delete(address);
			},
		};
	}

	/** Makes the listener at an address answer at another address, too. */
	answersAt(address: string, listensAt: string): void {
		const endpoints = this.#tables.get(listensAt);
		if (endpoints !== undefined) this.#tables.set(address, endpoints);
	}

	dial(address: string): Peer {
		return {
			endpoint: (method) => (input, ctx) => this.#call(address, method, input, ctx),
			close: async () => {},
		};
	}

	async #call(address: string, { path }: Method, input: unknown, ctx: Context): Promise<unknown> {
		this.called.push(address);
		const endpoints = this.#tables.get(address);
		if (endpoints === undefined) throw new Error(`nothing listens at ${address}`);
		const incoming = { path, metadata: ctx.outgoing, peer: { address }, timeoutMs: ctx.remaining() };
		const call = new ServerCall(endpoints, incoming);
		const output = await call.run(() => input);
		call.settle(succeeded);
		return output;
	}
}

const apps: App[] = [];
afterEach(async () => {
	await Promise.all(apps.splice(0).map((app) => app.stop()));
});

function makeApp(registry: Registry, options: Partial<AppOptions>): App {
	const app = createApp({
		name: "adder",
		registry,
		env: {},
		drainDelayMs: 0,
		logger: { log() {} },
		...options,
	});
	apps.push(app);
	return app;
}

async function serving(registry: Registry, options: Partial<AppOptions> = {}): Promise<App> {
	const app = makeApp(registry, options);
	app.serve(Adder, { add: async ({ n }) => ({ n: n + 1 }) });
	await app.start();
	return app;
}

describe("a transport that is given to an app", () => {
	test("is listened on beside the port, and preferred by callers that dial it", async () => {
		const registry = memoryRegistry();
		const direct = new DirectTransport();
		const app = await serving(registry, { transports: [direct] });
		expect(app.addresses).toEqual([
			"direct:0",
			expect.stringMatching(/^allium:/),
			expect.stringMatching(/^http:/),
		]);

		const caller = makeApp(registry, { name: "caller", transports: [direct] });
		expect(await caller.client(Adder).add({ n: 1 })).toEqual({ n: 2 });
		expect(direct.called).toContain("direct:0");
	});

	test("leaves the app within reach of those that do not know it", async () => {
		const registry = memoryRegistry();
		await serving(registry, { transports: [new DirectTransport()] });
		const caller = makeApp(registry, { name: "caller" });
		expect(await caller.client(Adder).add({ n: 1 })).toEqual({ n: 2 });
	});

	test("is closed with the app", async () => {
		const direct = new DirectTransport();
		const app = await serving(memoryRegistry(), { transports: [direct] });
		expect(direct.isOpen).toBe(true);
		await app.stop();
		expect(direct.isOpen).toBe(false);
	});

	test("may only dial, and takes the place of Node's transport of its scheme", async () => {
		const registry = memoryRegistry();
		const dialled: string[] = [];
		const counting: Dialer = {
			scheme: "allium",
			dial: (address) => {
				dialled.push(address);
				return frames().dial(address);
			},
		};
		const app = await serving(registry);
		const caller = makeApp(registry, { name: "caller", transports: [counting] });
		expect(await caller.client(Adder).add({ n: 1 })).toEqual({ n: 2 });
		expect(dialled).toEqual([app.addresses[0]]);
	});

	test("may only listen", async () => {
		const direct = new DirectTransport();
		const acceptor: Acceptor = { listen: (endpoints) => direct.listen(endpoints) };
		const app = await serving(memoryRegistry(), { transports: [acceptor] });
		expect(app.addresses[0]).toBe("direct:0");
	});

	test("has another one tried where it cannot be reached, and is put behind others by name", async () => {
		const registry = memoryRegistry();
		const direct = new DirectTransport();
		const app = await serving(registry, { transports: [direct] });
		const away: Dialer = {
			scheme: "direct",
			dial: (address) => ({
				endpoint: () => () => Promise.reject(unreachable(address, "no way there")),
				close: async () => {},
			}),
		};
		const caller = makeApp(registry, { name: "caller", transports: [away] });
		expect(await caller.client(Adder).add({ n: 1 })).toEqual({ n: 2 });

		const choosing = makeApp(registry, { name: "choosing", transports: [direct], schemes: ["allium"] });
		expect(await choosing.client(Adder).add({ n: 1 })).toEqual({ n: 2 });
		expect(direct.called).toEqual([]);
		expect(await choosing.client(Adder, { schemes: ["direct"] }).add({ n: 1 })).toEqual({ n: 2 });
		expect(direct.called).toEqual([app.addresses[0]]);
	});

	test("is refused when it can neither dial nor listen", () => {
		const nothing = {} as Dialer;
		expect(() => makeApp(memoryRegistry(), { transports: [nothing] })).toThrow(
			"a transport has a function dial or a function listen",
		);
	});
});

describe("a transport that a URL names", () => {
	const adapters = (direct: Transport): Adapters => ({ direct: async () => ({ transport: () => direct }) });

	test("is loaded at the start, listened on, and called over", async () => {
		const registry = memoryRegistry();
		const direct = new DirectTransport();
		const options = { env: { ALLIUM_TRANSPORT: "direct:" }, adapters: adapters(direct) };
		const app = await serving(registry, options);
		expect(app.addresses[0]).toBe("direct:0");

		// A process that only calls does not start.
		const caller = makeApp(registry, { ...options, name: "caller" });
		expect(await caller.client(Adder).add({ n: 1 })).toEqual({ n: 2 });
		expect(direct.called).toContain("direct:0");
	});

	test("dials the addresses of its adapter, also where its URL has another name of that scheme", async () => {
		const registry = memoryRegistry();
		const direct = new DirectTransport();
		const options = {
			transport: "amqps://mq",
			adapters: { amqp: async () => ({ transport: () => direct }) },
		};
		const app = await serving(registry, options);
		const caller = makeApp(registry, { ...options, name: "caller" });
		// The address begins with the scheme of the adapter, not with that of the URL.
		const client = caller.client(Adder, { url: "amqp://0" });
		direct.answersAt("amqp://0", app.addresses[0] ?? "");
		expect(await client.add({ n: 1 })).toEqual({ n: 2 });
	});

	test("keeps the process from starting when it cannot be opened", async () => {
		const broken: Adapters = {
			direct: async () => ({ transport: () => Promise.reject(new Error("refused")) }),
		};
		const app = makeApp(memoryRegistry(), { transport: "direct://broker", adapters: broken });
		await expect(app.start()).rejects.toThrow(
			"the transport at direct://broker cannot be reached: refused; start it, or set the option transport to another one",
		);
	});

	test("leaves its callers the other ways when it cannot be opened", async () => {
		const registry = memoryRegistry();
		await serving(registry, { transports: [new DirectTransport()] });
		const caller = makeApp(registry, { name: "caller", transport: "direct:", adapters: {} });
		expect(await caller.client(Adder).add({ n: 1 })).toEqual({ n: 2 });
	});

	test("is one that an adapter serves", async () => {
		const app = makeApp(memoryRegistry(), { transport: "direct:", adapters: { direct: async () => ({}) } });
		await expect(app.start()).rejects.toThrow('the adapter for "direct:" URLs has no transport');
	});
});

test("a scheme that no transport has is refused", async () => {
	const app = makeApp(memoryRegistry(), { env: { ALLIUM_SCHEMES: "pigeon" } });
	await expect(app.start()).rejects.toThrow(
		'"schemes" (ALLIUM_SCHEMES) names "pigeon", but there is no transport',
	);
});

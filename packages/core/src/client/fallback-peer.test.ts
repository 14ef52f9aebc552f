import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod";
import type { Balancer } from "../balancer/balancer.ts";
import { Context } from "../context/context.ts";
import { contract } from "../contract/contract.ts";
import { describe as describeContract } from "../contract/describe.ts";
import { method } from "../contract/method.ts";
import { stream } from "../contract/stream.ts";
import type { Middleware } from "../endpoint/endpoint.ts";
import { ServiceError } from "../errors/service-error.ts";
import { memoryTransport } from "../frames/memory-transport.ts";
import { memoryRegistry } from "../registry/memory-registry.ts";
import { Endpoints } from "../server/endpoints.ts";
import type { Service } from "../service/service.ts";
import type { Dialer, Listener } from "../transport/transport.ts";
import { notCarried } from "../transport/transport-errors.ts";
import { type ClientLayers, createClient } from "./client.ts";
import { instance } from "./fixtures/cluster.ts";
import { failure } from "./fixtures/who.ts";

const text = z.object({ text: z.string() });
const Echo = contract("echo", {
	echo: method({ input: text, output: text }),
	join: method({ input: stream(text), output: text }),
});
const echo: Service<typeof Echo> = {
	echo: async (input) => input,
	async join(input) {
		let all = "";
		for await (const message of input) all += message.text;
		return { text: all };
	},
};

/** One instance with two addresses, `direct://a` and `relayed://b`, each of which may be reachable or not. */
class TwoAddresses {
	/** The addresses of the calls that arrived. */
	readonly arrived: string[] = [];
	/** Whether the direct way carries no streams. */
	isDirectUnary = false;
	/** How often the transports were asked for connections. */
	readonly dials = { direct: 0, relayed: 0 };
	readonly #registry = memoryRegistry({ ttlMs: 3_600_000 });
	readonly #memory = { direct: memoryTransport(), relayed: memoryTransport() };
	readonly #service: Service<typeof Echo>;

	constructor(service: Partial<Service<typeof Echo>> = {}) {
		this.#service = { ...echo, ...service };
	}

	/** Registers the instance. */
	async register(): Promise<void> {
		const { name, version, hash } = describeContract(Echo);
		const registered = instance("a", name, {
			addresses: ["relayed://b", "direct://a"],
			services: [{ name, version, hash }],
		});
		await this.#registry.register(registered, Context.background());
	}

	/** Has the instance reached at an address of its. */
	async listen(scheme: "direct" | "relayed"): Promise<Listener> {
		const arrive: Middleware = (next) => (input, ctx) => {
			this.arrived.push(scheme);
			return next(input, ctx);
		};
		const endpoints = new Endpoints({ middleware: [arrive] });
		endpoints.serve(Echo, this.#service);
		const listener = await this.#memory[scheme].listen(endpoints, {
			address: scheme === "direct" ? "a" : "b",
		});
		onTestFinished(() => listener.close());
		return listener;
	}

	/** A client that prefers the direct way, and retries nothing. */
	client(layers: ClientLayers = {}) {
		const client = createClient(Echo, {
			registry: this.#registry,
			transports: [this.#dialer("direct"), this.#dialer("relayed")],
			middleware: [],
			...layers,
		});
		onTestFinished(() => client[Symbol.asyncDispose]());
		return client;
	}

	#dialer(scheme: "direct" | "relayed"): Dialer {
		return {
			scheme,
			dial: (address) => {
				this.dials[scheme]++;
				const peer = this.#memory[scheme].dial(address.replace(scheme, "memory"));
				if (!this.isDirectUnary || scheme === "relayed") return peer;
				return {
					endpoint: (called) =>
						called.kind === "unary"
							? peer.endpoint(called)
							: () => Promise.reject(notCarried("it has a stream")),
					close: () => peer.close(),
				};
			},
		};
	}
}

async function twoAddresses(...reached: readonly ("direct" | "relayed")[]): Promise<TwoAddresses> {
	const system = new TwoAddresses();
	for (const scheme of reached) await system.listen(scheme);
	await system.register();
	return system;
}

/** A balancer that records the reports about calls. */
function watching() {
	const load = { start: vi.fn(), end: vi.fn() };
	const balancer: Balancer = { join: () => load, pick: (candidates) => candidates[0] };
	return { balancer, load };
}

afterEach(() => void vi.useRealTimers());

describe("an instance with several addresses", () => {
	test("is called at the one whose transport comes first, whatever the order of the addresses", async () => {
		const system = await twoAddresses("direct", "relayed");
		await system.client().echo({ text: "hello" });
		expect(system.arrived).toEqual(["direct"]);
	});

	test("is called at the one that the client's option puts first", async () => {
		const system = await twoAddresses("direct", "relayed");
		await system.client({ schemes: ["relayed"] }).echo({ text: "hello" });
		expect(system.arrived).toEqual(["relayed"]);
	});

	test("is called at the next when the preferred cannot be reached, by any call, as one attempt", async () => {
		const system = await twoAddresses("relayed");
		const { balancer, load } = watching();
		const client = system.client({ balancer });
		expect(await client.echo({ text: "hello" })).toEqual({ text: "hello" });
		expect(load.start).toHaveBeenCalledTimes(1);
		expect(load.end).toHaveBeenCalledTimes(1);
		expect(load.end).toHaveBeenCalledWith({ ok: true }, expect.any(Number), expect.any(Number));
	});

	test("gets the whole of an input stream there", async () => {
		const system = await twoAddresses("relayed");
		async function* words() {
			yield { text: "a" };
			yield { text: "b" };
		}
		expect(await system.client().join(words())).toEqual({ text: "ab" });
	});

	test("is called at the next with what the preferred cannot carry, and with all else as before", async () => {
		const system = await twoAddresses("direct", "relayed");
		system.isDirectUnary = true;
		const { balancer, load } = watching();
		const client = system.client({ balancer });
		async function* words() {
			yield { text: "a" };
			yield { text: "b" };
		}
		expect(await client.join(words())).toEqual({ text: "ab" });
		await client.echo({ text: "hello" });
		expect(system.arrived).toEqual(["relayed", "direct"]);
		expect(load.start).toHaveBeenCalledTimes(2);
		expect(load.end.mock.calls.map(([outcome]) => outcome)).toEqual([{ ok: true }, { ok: true }]);
	});

	test("is called on where it was reached, until the preferred address answers again", async () => {
		vi.useFakeTimers({ toFake: ["performance"] });
		const system = await twoAddresses("relayed");
		const client = system.client();
		await client.echo({ text: "hello" });
		const direct = await system.listen("direct");
		await client.echo({ text: "hello" });
		expect(system.arrived).toEqual(["relayed", "relayed"]);

		vi.advanceTimersByTime(10_000);
		await vi.waitFor(async () => {
			await client.echo({ text: "hello" });
			expect(system.arrived.at(-1)).toBe("direct");
		});

		await direct.close();
		await vi.waitFor(() => client.echo({ text: "hello" }));
		expect(system.arrived.at(-1)).toBe("relayed");
	});

	test("is not reached when none of them is, and the balancer hears of it once", async () => {
		const system = await twoAddresses();
		const { balancer, load } = watching();
		const error = await failure(system.client({ balancer }).echo({ text: "hello" }));
		expect(error).toMatchObject({ code: "unavailable", notExecuted: true });
		expect(load.start).toHaveBeenCalledTimes(1);
		expect(load.end).toHaveBeenCalledTimes(1);
	});

	test("is not called again when the handler ran, whatever it threw", async () => {
		const system = new TwoAddresses({
			echo: async () => {
				throw new ServiceError({ code: "unavailable", message: "come back later" });
			},
		});
		await system.listen("direct");
		await system.listen("relayed");
		await system.register();
		expect(await failure(system.client().echo({ text: "hello" }))).toMatchObject({ code: "unavailable" });
		expect(system.arrived).toEqual(["direct"]);
	});
});

test("a scheme that no transport has is refused", () => {
	const system = new TwoAddresses();
	expect(() => system.client({ schemes: ["pigeon"] })).toThrow(
		'the option "schemes" names "pigeon", but there is no transport for it; there are direct:, relayed:',
	);
});

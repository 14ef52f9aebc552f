import {
	type Checker,
	type Client,
	type ClientLayers,
	Context,
	contract,
	Health,
	type Middleware,
	method,
	peakEwma,
	retry,
	timeout,
} from "@allium/core";
import { type Served, type SimulatedNode, simulate, type World } from "@allium/testing/simulation";
import * as z from "zod";

const Call = z.object({ id: z.string() });

/** The contract that every figure calls. */
export const Shop = contract("shop", {
	price: method({ input: Call, effect: "read" }),
	buy: method({ input: Call }),
});

/** A call that has arrived at the server. */
export interface Arrived {
	readonly node: SimulatedNode;
	readonly id: string;
	readonly method: "price" | "buy";
	readonly ctx: Context;
}

/** A service, its callers, and the failures. All times are in milliseconds. */
export interface Scene {
	/** The number of instances. Default: 3. */
	readonly instances?: number;
	/** How many calls an instance works on at once. Default: 4. */
	readonly cores?: number;
	/** The work of an instance for a call. Default: two milliseconds at the median and ten at the 99th percentile. */
	readonly handle?: (call: Arrived) => unknown;
	readonly server?: () => readonly Middleware[];
	/** The checks by which an instance reports its health. Default: none. */
	readonly checkers?: (node: SimulatedNode) => readonly Checker[];
	/** The layers of the caller's client. Default: a timeout of a second, retries, peak-EWMA. */
	readonly client?: () => ClientLayers;
	/** Makes one call. Default: asks for the price of tea. */
	readonly call?: (shop: Client<typeof Shop>, n: number) => Promise<unknown>;
	/** Which calls the outcome is about. Default: all. */
	readonly measured?: (n: number) => boolean;
	/** Calls a second, at random times, whether or not earlier calls were answered. Default: 200. */
	readonly perSecond?: number;
	/** How long to make calls. Default: 10 s. */
	readonly forMs?: number;
	/** Causes failures meanwhile. */
	readonly trouble?: (world: World, instances: readonly SimulatedNode[], stop: Stop) => Promise<unknown>;
}

/** Makes an instance deregister, drain and end. */
export type Stop = (instance: SimulatedNode) => Promise<void>;

/** The result of a scene. Latencies are from a call to its answer or error, in milliseconds. */
export interface Outcome {
	/** The share of the calls that were answered. */
	readonly answered: number;
	readonly p50: number;
	readonly p99: number;
	/** Attempts per call. */
	readonly attempts: number;
	/** Handler runs per call. */
	readonly handled: number;
}

/** The layers of a caller that waits for a second. */
export function layers(more: ClientLayers = {}): ClientLayers {
	return { middleware: [timeout(1_000), retry()], balancer: peakEwma(), ...more };
}

/** A random time, exponentially distributed. */
export function exponential(mean: number): number {
	return -Math.log(1 - Math.random()) * mean;
}

/** Takes 2 ms at the median and 10 ms at the 99th percentile. */
export function usualWork(): number {
	const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
	return 2 * Math.exp((Math.log(5) / 2.326) * normal);
}

/** Plays a scene. The result is the same each time. */
export async function play(scene: Scene): Promise<Outcome> {
	const { value } = await simulate({ seed: "figures" }, (world) => stage(world, scene));
	return value;
}

async function stage(world: World, scene: Scene): Promise<Outcome> {
	const { instances = 3, cores = 4, server, checkers, trouble } = scene;
	const handle = scene.handle ?? (({ node, ctx }) => node.work(usualWork(), ctx));
	let handled = 0;
	const served = new Map<SimulatedNode, Served>();
	const start = (n: number): Promise<SimulatedNode> => {
		const serve = async (node: SimulatedNode): Promise<void> => {
			const run =
				(method: "price" | "buy") =>
				async ({ id }: { id: string }, ctx: Context) => {
					handled++;
					await handle({ node, id, method, ctx });
					return {};
				};
			const service = { price: run("price"), buy: run("buy") };
			const serving = await node.serve(Shop, service, { middleware: server?.() ?? [] });
			served.set(node, serving);
			const onChange = (isHealthy: boolean): void => {
				serving.registration.update({ status: isHealthy ? "up" : "unhealthy" }).catch(() => {});
			};
			await new Health(checkers?.(node) ?? [], { onChange }).start();
		};
		return world.start(`shop-${n + 1}`, serve, { cores });
	};
	const nodes = await Promise.all(Array.from({ length: instances }, (_, n) => start(n)));
	const caller = await world.start("caller");
	const calling = caller.run(() => callAll(caller, scene));
	const stop: Stop = async (node) => {
		await node.run(() => served.get(node)?.stop());
		node.crash();
	};
	await Promise.all([trouble?.(world, nodes, stop), calling]);
	const { calls, ...outcome } = await calling;
	return { ...outcome, handled: handled / calls };
}

/** Makes all calls of a scene. A call without an answer a minute after the last call counts as waiting for ever. */
async function callAll(
	caller: SimulatedNode,
	scene: Scene,
): Promise<Omit<Outcome, "handled"> & { readonly calls: number }> {
	const { client = layers, call = (shop) => shop.price({ id: "tea" }), measured = () => true } = scene;
	const { perSecond = 200, forMs = 10_000 } = scene;
	let attempts = 0;
	let calls = 0;
	const counted: Middleware = (next) => (input, ctx) => {
		attempts++;
		return next(input, ctx);
	};
	const given = client();
	const shop = caller.client(Shop, { ...given, attempt: [counted, ...(given.attempt ?? [])] });
	const took: number[] = [];
	let answered = 0;
	const startedAt = performance.now();
	const endsAt = startedAt + forMs;
	const measure = async (promise: Promise<unknown>): Promise<void> => {
		const begin = performance.now();
		const place = took.push(Number.POSITIVE_INFINITY) - 1;
		const isAnswered = await promise.then(
			() => true,
			() => false,
		);
		if (isAnswered) answered++;
		took[place] = performance.now() - begin;
	};
	for (; performance.now() < endsAt; calls++) {
		const promise = call(shop, calls);
		if (measured(calls)) void measure(promise);
		else promise.catch(() => {});
		await pause(exponential(1_000 / perSecond));
	}
	await pause(60_000);
	const sorted = took.toSorted((a, b) => a - b);
	const quantile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
	return {
		calls,
		answered: answered / took.length,
		p50: quantile(0.5),
		p99: quantile(0.99),
		attempts: attempts / calls,
	};
}

/** Waits. The globals are those of the node that calls this. */
function pause(milliseconds: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Makes a context that ends after the given time, like that of a caller in a hurry. */
export function within(milliseconds: number): Context {
	return Context.background().withTimeout(milliseconds);
}

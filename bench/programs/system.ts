// A system of many services with three REST routes each. All services are in one process, and the gateway is in
// another.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Endpoints, type Instance } from "@allium/core";
import type { Lease } from "@allium/core/registry";
import { gateway } from "@allium/gateway";
import { frames } from "@allium/node";
import { registry as openRegistry } from "@allium/sqlite";
import { Context, contract, get, type Logger, method, post, put, routes } from "allium";
import * as z from "zod";
import { answerParent, assignment, type Part } from "./serving.ts";

/** How a gateway performed until it knew all services. */
export interface Settled {
	readonly milliseconds: number;
	/** The longest time for which its event loop was blocked, in milliseconds. */
	readonly longestBlockMs: number;
}

const { file: role, variant, address: folder } = assignment();
const count = Number(variant);
const background = Context.background();

await answerParent(role === "services" ? serveAll : openGateway);

async function serveAll(): Promise<Part<unknown>> {
	// Registrations made here need no renewal.
	const registry = openRegistry(`sqlite://${folder}`, { ttlMs: 2 ** 31 - 1 });
	const endpoints = new Endpoints();
	for (let n = 0; n < count; n++) serve(endpoints, n);
	const listener = await frames().listen(endpoints);
	const leases: Lease[] = [];
	let version = 0;
	const deploy = async (): Promise<void> => {
		version++;
		for (let n = 0; n < count; n++) {
			const before = leases[n];
			leases[n] = await registry.register(instance(n, version, listener.addresses), background);
			await before?.release();
		}
	};
	await deploy();
	const close = async (): Promise<void> => {
		await listener.close();
		await registry.close();
	};
	// Any question replaces all services by new versions, one after the other.
	return { ready: {}, answer: deploy, close };
}

function serve(endpoints: Endpoints, n: number): void {
	const item = z.object({ id: z.string(), text: z.string() });
	const made = contract(`items${n}`, {
		read: method({ input: z.object({ id: z.string() }), output: item, effect: "read" }),
		create: method({ input: z.object({ text: z.string() }), output: item }),
		change: method({ input: item, output: item, effect: "idempotent" }),
	});
	const table = routes(made, {
		read: get(`/items${n}/{id}`),
		create: post(`/items${n}`),
		change: put(`/items${n}/{id}`),
	});
	const service = {
		read: async ({ id }: { id: string }) => ({ id, text: "" }),
		create: async ({ text }: { text: string }) => ({ id: "1", text }),
		change: async (changed: { id: string; text: string }) => changed,
	};
	endpoints.serve(made, service, { routes: table });
}

function instance(n: number, version: number, addresses: readonly string[]): Instance {
	const name = `items${n}`;
	return {
		id: `${name}-${version}`,
		app: name,
		namespace: "default",
		addresses: [...addresses],
		services: [{ name, version: `${version}.0.0`, hash: `${version}` }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: new Date().toISOString(),
	};
}

async function openGateway(): Promise<Part<unknown>> {
	const adapters = { sqlite: () => import("@allium/sqlite") };
	const blocks = monitorEventLoopDelay({ resolution: 1 });
	let startedAt = performance.now();
	let served = 0;
	let settled = Promise.withResolvers<void>();
	const logger: Logger = {
		log(_level, message) {
			if (message === "a service is served" && ++served === count) settled.resolve();
		},
	};
	const front = gateway({ registry: `sqlite://${folder}`, adapters, port: 0, drainDelayMs: 0, logger });
	blocks.enable();
	await front.start();
	// Any question is answered once the gateway has learned of all services since it started, or since the last
	// question.
	const answer = async (): Promise<Settled> => {
		await settled.promise;
		const milliseconds = performance.now() - startedAt;
		const longestBlockMs = blocks.max / 1e6;
		startedAt = performance.now();
		served = 0;
		settled = Promise.withResolvers();
		blocks.reset();
		return { milliseconds, longestBlockMs };
	};
	return { ready: {}, answer, close: () => front.stop() };
}

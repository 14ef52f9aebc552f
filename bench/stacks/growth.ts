import { Endpoints, memoryRegistry, type Registry } from "@allium/core";
import { frames } from "@allium/node";
import { Context, contract, createClient, method } from "allium";
import * as z from "zod";
import type { Stack } from "../stack.ts";

/** The numbers of instances, methods and services, only one of which is called. */
export interface Size {
	/** Instances of the service. All have one address, so that the measurement covers the choice among them. */
	readonly instances: number;
	/** Methods of the service, which are called in turn. */
	readonly methods: number;
	/** Services in the registry, each with an instance. */
	readonly services: number;
}

const sum = method({
	input: z.object({ a: z.int(), b: z.int() }),
	output: z.object({ v: z.int() }),
	effect: "read",
});

function names(methods: number): string[] {
	return Array.from({ length: methods }, (_, index) => `sum${index}`);
}

function contractOf({ methods }: Size) {
	return contract("growth", Object.fromEntries(names(methods).map((name) => [name, sum])));
}

/** Frames with the default middleware and a large number of one thing. The variant is a {@link Size}. */
const growth: Stack = {
	name: "growth",

	async serve(variant) {
		const size = JSON.parse(variant) as Size;
		const endpoints = new Endpoints();
		const add = async ({ a, b }: { a: number; b: number }) => ({ v: a + b });
		endpoints.serve(contractOf(size), Object.fromEntries(names(size.methods).map((name) => [name, add])));
		const listener = await frames().listen(endpoints);
		const address = listener.addresses.find((url) => url.startsWith("allium:")) ?? "";
		return { address, close: () => listener.close() };
	},

	async connect(address, variant) {
		const size = JSON.parse(variant) as Size;
		// Registrations made here need no renewal.
		const registry = memoryRegistry({ ttlMs: 2 ** 31 - 1 });
		for (let n = 0; n < size.instances; n++) await register(registry, "growth", n, address);
		for (let n = 1; n < size.services; n++) await register(registry, `other${n}`, n, "allium://127.0.0.1:1");
		const client = createClient(contractOf(size), { registry, transports: [frames()] });
		const methods = names(size.methods).map((name) => {
			const call = client[name];
			if (call === undefined) throw new TypeError(`the client lacks ${name}`);
			return call;
		});
		let last = 0;
		return {
			sum: (input) => {
				last = (last + 1) % methods.length;
				return (methods[last] as (typeof methods)[number])(input);
			},
			async close() {
				await client[Symbol.asyncDispose]();
				await registry.close();
			},
		};
	},
};

export default growth;

async function register(registry: Registry, service: string, n: number, address: string): Promise<void> {
	const instance = {
		id: `${service}-${n}`,
		app: service,
		namespace: "default",
		addresses: [address],
		services: [{ name: service, version: "1.0.0", hash: "" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: new Date().toISOString(),
	} as const;
	await registry.register(instance, Context.background());
}

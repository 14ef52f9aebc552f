// Measures the cost of the layers without a wire: nanoseconds per call, one call after the other, the variants in turn.

import { Endpoints } from "@allium/core";
import { Context, chain, createClient, type Endpoint, type Middleware } from "allium";
import { directTransport } from "../direct-transport.ts";
import { Work, work } from "../stack.ts";
import { answerParent } from "./serving.ts";

/** How often to call each variant before the next one. */
const batch = 10_000;

const passing: Middleware = (next) => (input, ctx) => next(input, ctx);
const awaiting: Middleware = (next) => async (input, ctx) => {
	const output = await next(input, ctx);
	return output;
};

const handler: Endpoint = async (input) => {
	const { a, b } = input as { a: number; b: number };
	return { v: a + b };
};

const six = (middleware: Middleware): Endpoint =>
	chain(...Array.from({ length: 6 }, () => middleware))(handler, Work.sum);

const endpoints = new Endpoints();
endpoints.serve(Work, work);
const client = createClient(Work, { url: "direct://work", transports: [directTransport(endpoints)] });

const variants: Readonly<Record<string, Endpoint>> = {
	bare: handler,
	"six passing": six(passing),
	"six awaiting": six(awaiting),
	onion: (input, ctx) => client.sum(input as { a: number; b: number }, ctx),
};

await answerParent(async () => ({
	ready: Object.keys(variants),
	answer: async () => {
		const measured: Record<string, number> = {};
		for (const [name, endpoint] of Object.entries(variants)) measured[name] = await nanoseconds(endpoint);
		return measured;
	},
	close: () => client[Symbol.asyncDispose](),
}));

async function nanoseconds(endpoint: Endpoint): Promise<number> {
	const ctx = Context.background();
	const startedAt = performance.now();
	for (let n = 0; n < batch; n++) await endpoint({ a: n, b: 1 }, ctx);
	return ((performance.now() - startedAt) * 1e6) / batch;
}

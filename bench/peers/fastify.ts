import fastify from "fastify";
import type { Stack } from "../stack.ts";
import { postJson } from "./post-json.ts";
import { type ConcatInput, concat, type SumInput, sum } from "./work.ts";

const object = (properties: Record<string, unknown>) => {
	return { type: "object", properties, required: Object.keys(properties) };
};
const integer = { type: "integer" };
const string = { type: "string" };

/** Fastify with JSON schemas for bodies and replies, which its documentation recommends for speed. */
const fastifyStack: Stack = {
	name: "Fastify + undici",
	http: { path: "/sum" },

	async serve() {
		const app = fastify({ forceCloseConnections: true });
		app.post<{ Body: SumInput }>(
			"/sum",
			{ schema: { body: object({ a: integer, b: integer }), response: { 200: object({ v: integer }) } } },
			async ({ body }) => sum(body),
		);
		app.post<{ Body: ConcatInput }>(
			"/concat",
			{ schema: { body: object({ a: string, b: string }), response: { 200: object({ v: string }) } } },
			async ({ body }) => concat(body),
		);
		const address = await app.listen({ host: "127.0.0.1", port: 0 });
		return { address, close: () => app.close() };
	},

	connect: async (address) => postJson(address),
};

export default fastifyStack;

import * as z from "zod";
import { contract } from "../contract/contract.ts";
import { method } from "../contract/method.ts";
import { Endpoints } from "../server/endpoints.ts";
import type { Service } from "./service.ts";

const Add = contract("add", {
	sum: method({ input: z.object({ a: z.int(), b: z.int() }), output: z.object({ v: z.int() }) }),
	concat: method({ input: z.object({ a: z.string(), b: z.string() }), output: z.object({ v: z.string() }) }),
});
const Greeter = contract("greeter", {
	hello: method({ input: z.object({ name: z.string() }), output: z.object({ greeting: z.string() }) }),
});
declare const add: Service<typeof Add>;
declare const greeter: Service<typeof Greeter>;

const endpoints = new Endpoints();

// A service is served for its own contract, as a value or where it is written.
endpoints.serve(Add, add);
endpoints.serve(Add, { ...add, ...greeter });
endpoints.serve(Add, {
	sum: async ({ a, b }, ctx) => ({ v: a + b + ctx.remaining() }),
	async concat({ a, b }) {
		return { v: a + b };
	},
});

// @ts-expect-error a service for another contract
endpoints.serve(Add, greeter);
// @ts-expect-error the service lacks a method
endpoints.serve(Add, { sum: add.sum });
// @ts-expect-error a method has other types
endpoints.serve(Add, { ...add, sum: async () => ({ v: "3" }) });

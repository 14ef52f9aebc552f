import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { zValidator } from "@hono/zod-validator";
import { Hono } from "hono";
import type { Stack } from "../stack.ts";
import { listen } from "./listen.ts";
import { postJson } from "./post-json.ts";
import { ConcatInput, concat, SumInput, sum } from "./work.ts";

/** Hono on its adapter for Node, with its validator for zod. */
const honoStack: Stack = {
	name: "Hono + undici",
	http: { path: "/sum" },

	serve() {
		const app = new Hono();
		app.post("/sum", zValidator("json", SumInput), (c) => c.json(sum(c.req.valid("json"))));
		app.post("/concat", zValidator("json", ConcatInput), (c) => c.json(concat(c.req.valid("json"))));
		return listen(createAdaptorServer({ fetch: app.fetch }) as Server);
	},

	connect: async (address) => postJson(address),
};

export default honoStack;

import { createServer } from "node:http";
import { createORPCClient } from "@orpc/client";
import { RPCLink } from "@orpc/client/fetch";
import { os, type RouterClient } from "@orpc/server";
import { RPCHandler } from "@orpc/server/node";
import type { Stack } from "../stack.ts";
import { listen } from "./listen.ts";
import { ConcatInput, ConcatOutput, concat, SumInput, SumOutput, sum } from "./work.ts";

const router = {
	sum: os
		.input(SumInput)
		.output(SumOutput)
		.handler(({ input }) => sum(input)),
	concat: os
		.input(ConcatInput)
		.output(ConcatOutput)
		.handler(({ input }) => concat(input)),
};

/** oRPC's own protocol, with its Node handler and its fetch client. */
const orpc: Stack = {
	name: "oRPC",
	http: { path: "/sum", body: '{"json":{"a":20,"b":22}}' },

	serve() {
		const handler = new RPCHandler(router);
		const server = createServer(async (request, response) => {
			const { matched } = await handler.handle(request, response, { context: {} });
			if (matched) return;
			response.statusCode = 404;
			response.end();
		});
		return listen(server);
	},

	async connect(address) {
		const client: RouterClient<typeof router> = createORPCClient(new RPCLink({ url: address }));
		return {
			sum: (input) => client.sum(input),
			concat: (input) => client.concat(input),
			close: async () => {},
		};
	},
};

export default orpc;

import { createTRPCClient, type TRPCLink } from "@trpc/client";
import { initTRPC } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import type { Calls, Server } from "../stack.ts";
import { listen } from "./listen.ts";
import { ConcatInput, ConcatOutput, concat, SumInput, SumOutput, sum } from "./work.ts";

const t = initTRPC.create();
const router = t.router({
	sum: t.procedure
		.input(SumInput)
		.output(SumOutput)
		.mutation(({ input }) => sum(input)),
	concat: t.procedure
		.input(ConcatInput)
		.output(ConcatOutput)
		.mutation(({ input }) => concat(input)),
});
export type Router = typeof router;

/** tRPC's own server. The calls are mutations, which are sent by POST like all others here. */
export function serveTrpc(): Promise<Server> {
	return listen(createHTTPServer({ router }));
}

export async function callTrpc(link: TRPCLink<Router>): Promise<Calls> {
	const client = createTRPCClient<Router>({ links: [link] });
	return {
		sum: (input) => client.sum.mutate(input),
		concat: (input) => client.concat.mutate(input),
		close: async () => {},
	};
}

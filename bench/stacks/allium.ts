import { Endpoints } from "@allium/core";
import type { Dialer } from "@allium/core/transport";
import { frames } from "@allium/node";
import { type Client, createClient, type Routes } from "allium";
import { type Calls, drained, type Server, Work, work } from "../stack.ts";

/** Serves the work on the one port, as any service would. Its address is the one with the given scheme. */
export async function serveWork(scheme: string, routes?: Routes): Promise<Server> {
	const endpoints = new Endpoints();
	endpoints.serve(Work, work, routes === undefined ? {} : { routes });
	const listener = await frames().listen(endpoints);
	const address = listener.addresses.find((url) => url.startsWith(`${scheme}:`)) ?? "";
	return { address, close: () => listener.close() };
}

/** A client with the default middleware. */
export async function callWork(url: string, transport: Dialer): Promise<Calls> {
	return callsOf(createClient(Work, { url, transports: [transport] }));
}

/** A client of the work, as the benchmark uses it. */
export function callsOf(client: Client<typeof Work>): Calls {
	return {
		sum: (input) => client.sum(input),
		concat: (input) => client.concat(input),
		count: (upTo) => drained(client.count({ upTo })),
		close: () => client[Symbol.asyncDispose](),
	};
}

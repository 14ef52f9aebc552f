import { Endpoints } from "@allium/core";
import { frames } from "@allium/node";
import { Context } from "allium";
import { type Concat, drained, type Stack, type Sum, Work, work } from "../stack.ts";

/** Allium frames without middleware: a direct call of the transport's endpoint, and a server without layers. */
const framesBareStack: Stack = {
	name: "Allium frames, bare",

	async serve() {
		const endpoints = new Endpoints({ middleware: [] });
		endpoints.serve(Work, work, { validateOutput: false });
		const listener = await frames().listen(endpoints);
		const address = listener.addresses.find((url) => url.startsWith("allium:")) ?? "";
		return { address, close: () => listener.close() };
	},

	async connect(address) {
		const peer = frames().dial(address);
		const sum = peer.endpoint(Work.sum);
		const concat = peer.endpoint(Work.concat);
		const count = peer.endpoint(Work.count);
		const ctx = Context.background();
		return {
			sum: (input) => sum(input, ctx) as ReturnType<Sum>,
			concat: (input) => concat(input, ctx) as ReturnType<Concat>,
			count: async (upTo) => drained((await count({ upTo }, ctx)) as AsyncIterable<unknown>),
			close: () => peer.close(),
		};
	},
};

export default framesBareStack;

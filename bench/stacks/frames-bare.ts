import { Context, Endpoints, frames } from "allium";
import { type Stack, Work, work } from "../stack.ts";

/** Allium frames without the client's onion: the endpoint of the transport, called directly. */
const framesBareStack: Stack = {
	name: "Allium frames, bare",

	async serve() {
		const endpoints = new Endpoints();
		endpoints.serve(Work, work, { validateOutput: false });
		const listener = await frames().listen(endpoints);
		const address = listener.addresses.find((url) => url.startsWith("allium:")) ?? "";
		return { address, close: () => listener.close() };
	},

	async connect(address) {
		const peer = frames().dial(address);
		const endpoint = peer.endpoint(Work.sum);
		const ctx = Context.background();
		return {
			sum: (input) => endpoint(input, ctx) as Promise<{ v: number }>,
			close: () => peer.close(),
		};
	},
};

export default framesBareStack;

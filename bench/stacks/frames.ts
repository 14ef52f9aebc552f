import { createClient, Endpoints, frames } from "allium";
import { type Stack, Work, work } from "../stack.ts";

/** Allium frames with the default onion: balancer, timeout, retry, validation of input and output. */
const framesStack: Stack = {
	name: "Allium frames, default onion",

	async serve() {
		const endpoints = new Endpoints();
		endpoints.serve(Work, work);
		const listener = await frames().listen(endpoints);
		const address = listener.addresses.find((url) => url.startsWith("allium:")) ?? "";
		return { address, close: () => listener.close() };
	},

	async connect(address) {
		const client = createClient(Work, { url: address, transports: [frames()] });
		return { sum: (input) => client.sum(input), close: () => client[Symbol.asyncDispose]() };
	},
};

export default framesStack;

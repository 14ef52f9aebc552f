import { createClient, Endpoints, frames, http } from "allium";
import { type Stack, Work, work } from "../stack.ts";

/** Connect JSON over HTTP/1.1 on the same port, with the default onion and Allium's own client. */
const httpStack: Stack = {
	name: "Allium Connect JSON over HTTP/1.1",

	async serve() {
		const endpoints = new Endpoints();
		endpoints.serve(Work, work);
		const listener = await frames().listen(endpoints);
		const address = listener.addresses.find((url) => url.startsWith("http:")) ?? "";
		return { address, close: () => listener.close() };
	},

	async connect(address) {
		const client = createClient(Work, { url: address, transports: [http()] });
		return { sum: (input) => client.sum(input), close: () => client[Symbol.asyncDispose]() };
	},
};

export default httpStack;

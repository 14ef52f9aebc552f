import { Endpoints } from "@allium/core";
import { https } from "@allium/node";
import { certificate } from "../certificate.ts";
import { type Stack, Work, work } from "../stack.ts";
import httpStack from "./http.ts";

/** Connect JSON over TLS. */
const stack: Stack = {
	...httpStack,
	name: "Allium Connect JSON over HTTP/1.1 and TLS",

	async serve() {
		const endpoints = new Endpoints();
		endpoints.serve(Work, work);
		const { certificate: cert, key } = certificate();
		const listener = await https({ tls: { cert, key } }).listen(endpoints);
		const address = listener.addresses.find((url) => url.startsWith("https:")) ?? "";
		return { address, close: () => listener.close() };
	},
};

export default stack;

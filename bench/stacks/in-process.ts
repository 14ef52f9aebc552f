import { Endpoints } from "@allium/core";
import { directTransport } from "../direct-transport.ts";
import { type Stack, Work, work } from "../stack.ts";
import { callWork } from "./allium.ts";

/** The default middleware of client and server, called within one process without a wire. */
const inProcessStack: Stack = {
	name: "Allium in process, default onion",

	async connect() {
		const endpoints = new Endpoints();
		endpoints.serve(Work, work);
		const { sum, concat, close } = await callWork("direct://work", directTransport(endpoints));
		return { ...(sum && { sum }), ...(concat && { concat }), close };
	},
};

export default inProcessStack;

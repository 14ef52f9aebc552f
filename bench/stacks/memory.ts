import { Endpoints } from "@allium/core";
import { memoryTransport } from "@allium/core/frames";
import { type Stack, Work, work } from "../stack.ts";
import { callWork } from "./allium.ts";

/** The default middleware over frames in memory. Client and server are one process. */
const memoryStack: Stack = {
	name: "Allium memory transport",

	async connect() {
		const endpoints = new Endpoints();
		endpoints.serve(Work, work);
		const transport = memoryTransport();
		const listener = await transport.listen(endpoints);
		const calls = await callWork(listener.addresses[0] ?? "", transport);
		return {
			...calls,
			async close() {
				await calls.close();
				await listener.close();
			},
		};
	},
};

export default memoryStack;

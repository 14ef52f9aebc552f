import { Endpoints } from "@allium/core";
import { transport } from "@allium/nats";
import { natsServer, natsUrl, requireNats } from "../peers/nats-server.ts";
import { type Stack, Work, work } from "../stack.ts";
import { callWork } from "./allium.ts";

/** Allium frames over NATS with the default middleware, as between processes that reach only the broker. */
const framesNatsStack: Stack = {
	name: "Allium frames over NATS, default onion",

	async serve() {
		await requireNats();
		const endpoints = new Endpoints();
		endpoints.serve(Work, work);
		const listener = await transport(natsUrl).listen(endpoints);
		return { address: listener.addresses[0] ?? "", helpers: natsServer(), close: () => listener.close() };
	},

	connect: (address) => callWork(address, transport(natsUrl)),
};

export default framesNatsStack;

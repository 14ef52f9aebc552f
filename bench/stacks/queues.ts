import { transport } from "@allium/amqp";
import { Endpoints } from "@allium/core";
import { type Stack, Work, work } from "../stack.ts";
import { callWork } from "./allium.ts";

/** Allium through a queue of RabbitMQ with the default middleware. The variant is `host:port`. */
const queues: Stack = {
	name: "Allium through a queue of RabbitMQ, default onion",

	async serve(host) {
		const endpoints = new Endpoints();
		endpoints.serve(Work, work);
		const listener = await transport(`amqp://${host}`).listen(endpoints);
		return { address: listener.addresses[0] ?? "", close: () => listener.close() };
	},

	connect: (address, host) => callWork(address, transport(`amqp://${host}`)),
};

export default queues;

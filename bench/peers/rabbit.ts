import { Connection } from "rabbitmq-client";
import type { Stack } from "../stack.ts";
import { ConcatInput, concat, SumInput, sum } from "./work.ts";

const prefetchCount = 256;

/**
 * Request and reply of the client library for RabbitMQ, with JSON, in the form that it offers for this: its consumer, which
 * answers, and its client, which waits for answers sent directly. The variant is `host:port`. The messages are validated by
 * hand, because there is no framework to do it.
 */
const rabbit: Stack = {
	name: "RabbitMQ request/reply",

	async serve(host) {
		const connection = new Connection({ hosts: [host] });
		const queue = `bench.${process.pid}`;
		const consumer = connection.createConsumer(
			{ queue, queueOptions: { durable: true }, qos: { prefetchCount } },
			async ({ type, body }, reply) => {
				await reply(type === "sum" ? sum(SumInput.parse(body)) : concat(ConcatInput.parse(body)));
			},
		);
		await new Promise((resolve) => consumer.once("ready", resolve));
		return {
			address: queue,
			close: async () => {
				await consumer.close();
				await connection.close();
			},
		};
	},

	async connect(routingKey, host) {
		const connection = new Connection({ hosts: [host] });
		const client = connection.createRPCClient({ timeout: 10_000 });
		const request = async (type: string, input: unknown): Promise<never> =>
			(await client.send({ routingKey, type }, input)).body as never;
		return {
			sum: (input) => request("sum", input),
			concat: (input) => request("concat", input),
			close: async () => {
				await client.close();
				await connection.close();
			},
		};
	},
};

export default rabbit;

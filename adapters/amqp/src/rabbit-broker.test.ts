import { Context } from "@allium/core";
import { sleep } from "@allium/core/transport";
import { brokerSuite } from "@allium/testing/broker-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { RunningRabbit } from "./fixtures/running-rabbit.ts";
import { broker } from "./rabbit-broker.ts";

/** How long a queue has to be there before its server may be killed, in milliseconds. */
const queueSettlesMs = 3_000;

describeServer("rabbitmq", (file) => {
	let server: RunningRabbit;
	beforeAll(async () => {
		server = await RunningRabbit.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	/**
	 * If RabbitMQ 3.10 is killed about a second after a queue was made, the queue takes and gives nothing afterwards. A
	 * queue that is older goes on. The guide says so.
	 */
	async function killSettled(): Promise<void> {
		await sleep(queueSettlesMs, Context.background());
		await server.server.kill();
	}

	brokerSuite("rabbitmq", async () => {
		const url = server.newUrl();
		const own = `tcp://${server.host}`;
		return {
			target: own,
			// Heartbeats are counted in seconds, and two of them pass.
			ttlMs: 2_000,
			open: ({ target = own, ttlMs = 2_000 }) => broker(server.through(url, target), { ttlMs }),
			outage: { kill: killSettled, restart: () => server.server.restart() },
			program: { module: import.meta.resolve("./index.ts"), url },
			putText: (topic, lane, text) => server.putText(url, topic, lane, text),
			close: async () => {},
		};
	});
});

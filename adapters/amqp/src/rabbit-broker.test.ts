import { brokerSuite } from "@allium/testing/broker-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { RunningRabbit } from "./fixtures/running-rabbit.ts";
import { broker } from "./rabbit-broker.ts";

describeServer("rabbitmq", (file) => {
	let server: RunningRabbit;
	beforeAll(async () => {
		server = await RunningRabbit.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	brokerSuite("rabbitmq", async () => {
		const url = server.newUrl();
		const own = `tcp://${server.host}`;
		return {
			target: own,
			// Heartbeats are counted in seconds, and two of them pass.
			ttlMs: 2_000,
			open: ({ target = own, ttlMs = 2_000 }) => broker(server.through(url, target), { ttlMs }),
			putText: (topic, lane, text) => server.putText(url, topic, lane, text),
			close: async () => {},
		};
	});
});

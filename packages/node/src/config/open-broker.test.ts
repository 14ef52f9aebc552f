import { memoryBroker } from "@allium/core/log-broker";
import { expect, test } from "vitest";
import { openBroker } from "./open-broker.ts";

test("a broker is opened by an adapter that was passed in", async () => {
	const broker = memoryBroker();
	const ours = async () => ({ broker: () => broker });
	expect(await openBroker("ours://here", { adapters: { ours } })).toBe(broker);
	await broker.close();
});

test("a scheme that is another name of one has the adapter of that one", async () => {
	const broker = memoryBroker();
	const adapter = async () => ({ broker: () => broker });
	expect(await openBroker("postgresql://db/events", { adapters: { postgres: adapter } })).toBe(broker);
	expect(await openBroker("amqps://mq", { adapters: { amqp: adapter } })).toBe(broker);
	await broker.close();
	await expect(openBroker("postgresql://db/events", { cwd: "/" })).rejects.toThrow(
		'there is no adapter for "postgresql:" URLs here; install it with "npm install @allium/postgres"',
	);
});

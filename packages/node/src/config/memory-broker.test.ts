import { Context, isServiceError } from "@allium/core";
import { expect, test } from "vitest";
import { memoryBroker } from "./memory-broker.ts";

const background = Context.background();

test("a broker in memory can be used at once, and has a log and a state of groups then", async () => {
	const broker = memoryBroker();
	const topic = await broker.open("orders", { lanes: 4 }, background);
	expect(topic.lanes).toBe(4);
	expect(broker.log).toBeDefined();
	expect(broker.state).toBeDefined();
	await broker.close();
});

test("a broker in memory that was never used closes, and cannot be used afterwards", async () => {
	const broker = memoryBroker();
	await broker.close();
	const refused = await broker.open("orders", {}, background).catch((error: unknown) => error);
	expect(isServiceError(refused) && refused.code).toBe("failed_precondition");
});

import { describeServer, rabbitServer, startServer } from "@allium/testing/servers";
import { test } from "vitest";
import { expectSound, limits, title } from "./fixtures/expect-sound.ts";

describeServer("rabbitmq", (file) => {
	test(title, limits, async () => {
		await using server = await startServer(rabbitServer({ file }));
		const module = import.meta.resolve("@allium/amqp");
		await expectSound({ module, url: `amqp://127.0.0.1:${server.port}` });
	});
});

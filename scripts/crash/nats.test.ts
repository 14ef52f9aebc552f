import { describeServer, natsServer, startServer } from "@allium/testing/servers";
import { test } from "vitest";
import { expectReplayed, expectSound, limits, title } from "./fixtures/expect-sound.ts";

describeServer("nats-2.15", (file) => {
	test(title, limits, async () => {
		await using server = await startServer(natsServer({ file }));
		const module = import.meta.resolve("@allium/nats");
		expectReplayed(await expectSound({ module, url: `nats://127.0.0.1:${server.port}` }));
	});
});

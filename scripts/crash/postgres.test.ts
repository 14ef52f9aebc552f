import { describeServer, postgresServer, startServer } from "@allium/testing/servers";
import { test } from "vitest";
import { expectReplayed, expectSound, limits, title } from "./fixtures/expect-sound.ts";

describeServer("postgres", (file) => {
	test(title, limits, async () => {
		await using server = await startServer(postgresServer({ file }));
		const module = import.meta.resolve("@allium/postgres");
		const url = `postgres://postgres@127.0.0.1:${server.port}/postgres`;
		expectReplayed(await expectSound({ module, url }));
	});
});

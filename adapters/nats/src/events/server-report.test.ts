import { Context } from "@allium/core";
import { describeServer, natsServer, startServer } from "@allium/testing/servers";
import { expect, test } from "vitest";
import { broker } from "./nats-broker.ts";

const background = Context.background();

for (const version of ["nats-2.9", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		test("what may lose the events of topics is told with its remedy", async () => {
			await using server = await startServer(natsServer({ file }));
			const events = await broker(`nats://127.0.0.1:${server.port}`);
			const before = await events.log?.server?.(background);
			expect(before).toEqual({
				version: expect.stringContaining(`NATS ${version.slice(5)}.`),
				warnings: [],
			});
			await events.open("matches", { lanes: 1 }, background);
			const after = await events.log?.server?.(background);
			expect(after?.warnings).toEqual([
				{
					says: "the topic matches is on fewer than three servers, which write to their disks every two minutes: a power cut loses acknowledged events",
					remedy: expect.stringContaining("raise the replicas of the streams to 3"),
				},
			]);
			await events.close();
		});

		test("events in memory are told apart", async () => {
			await using server = await startServer(natsServer({ file }));
			const events = await broker(`nats://127.0.0.1:${server.port}?storage=memory`);
			await events.open("matches", { lanes: 1 }, background);
			const report = await events.log?.server?.(background);
			expect(report?.warnings).toMatchObject([
				{ says: "the topic matches is in memory alone: a restart of the server loses all events" },
			]);
			await events.close();
		});
	});
}

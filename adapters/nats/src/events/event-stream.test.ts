import { Context } from "@allium/core";
import type { Share } from "@allium/core/adapter";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { StorageType } from "@nats-io/jetstream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type NatsConnection, natsConnection } from "../nats-connection.ts";
import { parseNatsUrl } from "../nats-url.ts";
import { EventStream } from "./event-stream.ts";

for (const version of ["nats-2.9", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let shares: readonly Share<NatsConnection>[];

		beforeAll(async () => {
			server = await startServer(natsServer({ file }));
			const { address } = parseNatsUrl(`nats://127.0.0.1:${server.port}`, {}, []);
			shares = await Promise.all(Array.from({ length: 6 }, () => natsConnection(address, {})));
		});
		afterAll(async () => {
			for (const share of shares) await share.release();
			await server.close();
		});

		test("processes that make one stream at once can all publish to it at once", async () => {
			const makeAndPublish = async ({ resource }: Share<NatsConnection>, name: string): Promise<string> => {
				const stream = new EventStream(resource, name);
				await stream.make({ subjects: [`${name}.>`], storage: StorageType.Memory }, Context.background());
				return (await resource.run(() => stream.publish(`${name}.one`, "text"))).stream;
			};
			// A server of 2.9 was not ready in one round of twenty.
			const names = Array.from({ length: 300 }, (_, round) => `stream${round}`);

			for (const name of names) {
				const streams = await Promise.all(shares.map((share) => makeAndPublish(share, name)));

				expect(new Set(streams)).toEqual(new Set([name]));
			}
		});
	});
}

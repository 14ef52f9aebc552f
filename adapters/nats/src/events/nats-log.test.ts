import { logSuite } from "@allium/testing/log-suite";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll } from "vitest";
import { natsConnection } from "../nats-connection.ts";
import { parseNatsUrl } from "../nats-url.ts";
import { NatsLog } from "./nats-log.ts";
import { TopicSubjects } from "./topic-subjects.ts";

for (const version of ["nats-2.9", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let buckets = 0;

		beforeAll(async () => {
			server = await startServer(natsServer({ file }));
		});
		afterAll(() => server.close());

		logSuite("nats", async () => {
			const bucket = `suite${buckets++}`;
			const target = `nats://127.0.0.1:${server.port}`;
			const storage = { bucket, namespace: "default", replicas: 1, storage: "file", syncs: "later" } as const;
			return {
				target,
				open: async ({ target: url = target }) => {
					const { address, location } = parseNatsUrl(url, {}, []);
					return new NatsLog(location, await natsConnection(address, {}), { ...storage, dedupeMs: 120_000 });
				},
				program: { module: import.meta.resolve("../index.ts"), url: `${target}?bucket=${bucket}` },
				outage: { kill: () => server.kill(), restart: () => server.restart() },
				putText: async (topic, lane, text) => {
					const client = await connect({ servers: `127.0.0.1:${server.port}` });
					const subjects = new TopicSubjects(bucket, "default", topic);
					await client.request(subjects.lane(lane, 1).replace("*", "0"), text);
					await client.close();
				},
				close: async () => {},
			};
		});
	});
}

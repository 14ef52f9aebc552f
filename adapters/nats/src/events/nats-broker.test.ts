import { brokerSuite } from "@allium/testing/broker-suite";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll } from "vitest";
import { broker } from "../index.ts";
import { TopicSubjects } from "./topic-subjects.ts";

for (const version of ["nats-2.9", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let buckets = 0;

		beforeAll(async () => {
			server = await startServer(natsServer({ file }));
		});
		afterAll(() => server.close());

		brokerSuite("nats", async () => {
			const bucket = `suite${buckets++}`;
			const target = `nats://127.0.0.1:${server.port}`;
			return {
				ttlMs: 1_000,
				target,
				open: ({ target: address = target, ...options }) => broker(address, { bucket, ...options }),
				outage: { kill: () => server.kill(), restart: () => server.restart() },
				program: { module: import.meta.resolve("../index.ts"), url: `${target}?bucket=${bucket}` },
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

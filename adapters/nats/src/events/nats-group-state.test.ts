import { groupStateSuite } from "@allium/testing/group-state-suite";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { natsConnection } from "../nats-connection.ts";
import { parseNatsUrl } from "../nats-url.ts";
import { NatsGroupState } from "./nats-group-state.ts";

for (const version of ["nats-2.9", "nats-2.15"] as const) {
	describeServer(version, (file) => {
		let server: ServerProcess;
		let buckets = 0;

		beforeAll(async () => {
			server = await startServer(natsServer({ file }));
		});
		afterAll(() => server.close());

		groupStateSuite("nats", async () => {
			const storage = {
				bucket: `suite${buckets++}`,
				namespace: "default",
				replicas: 1,
				storage: "file",
			} as const;
			const target = `nats://127.0.0.1:${server.port}`;
			return {
				target,
				open: async ({ target: url = target }) => {
					const { address, location } = parseNatsUrl(url, {}, []);
					return new NatsGroupState(location, await natsConnection(address, {}), storage);
				},
				outage: { kill: () => server.kill(), restart: () => server.restart() },
				close: async () => {},
			};
		});
	});
}

import { logSuite } from "@allium/testing/log-suite";
import { natsConnection } from "../nats-connection.ts";
import { parseNatsUrl } from "../nats-url.ts";
import { describeNats } from "./fixtures/describe-nats.ts";
import { NatsLog } from "./nats-log.ts";

describeNats((setup) => {
	logSuite("nats", async () => {
		const { bucket, ...nats } = setup();
		const storage = { bucket, namespace: "default", replicas: 1, storage: "file", syncs: "later" } as const;
		return {
			...nats,
			open: async ({ target = nats.target }) => {
				const { address, location } = parseNatsUrl(target, {}, []);
				return new NatsLog(location, await natsConnection(address, {}), { ...storage, dedupeMs: 120_000 });
			},
		};
	});
});

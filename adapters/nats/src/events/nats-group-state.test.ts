import { groupStateSuite } from "@allium/testing/group-state-suite";
import { natsConnection } from "../nats-connection.ts";
import { parseNatsUrl } from "../nats-url.ts";
import { describeNats } from "./fixtures/describe-nats.ts";
import { NatsGroupState } from "./nats-group-state.ts";

describeNats((setup) => {
	groupStateSuite("nats", async () => {
		const { bucket, target, outage, close } = setup();
		const storage = { bucket, namespace: "default", replicas: 1, storage: "file" } as const;
		return {
			target,
			outage,
			close,
			open: async ({ target: url = target }) => {
				const { address, location } = parseNatsUrl(url, {}, []);
				return new NatsGroupState(location, await natsConnection(address, {}), storage);
			},
		};
	});
});

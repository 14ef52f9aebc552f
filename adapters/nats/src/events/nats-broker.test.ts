import { brokerSuite } from "@allium/testing/broker-suite";
import { broker } from "../index.ts";
import { describeNats } from "./fixtures/describe-nats.ts";

describeNats((setup) => {
	brokerSuite("nats", async () => {
		const { bucket, ...nats } = setup();
		return {
			...nats,
			ttlMs: 1_000,
			open: ({ target = nats.target, ...options }) => broker(target, { bucket, ...options }),
		};
	});
});

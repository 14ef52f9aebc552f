import { createHash } from "node:crypto";
import { brokerSuite } from "@allium/testing/broker-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { broker } from "./postgres-broker.ts";

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	brokerSuite("postgres", async () => {
		const url = server.newUrl();
		return {
			ttlMs: 1_500,
			target: `tcp://${server.host}`,
			open: ({ target, ...options }) =>
				broker(target === undefined ? url : server.through(url, target), options),
			outage: { kill: () => server.kill(), restart: () => server.server.restart() },
			putText: (topic, lane, text) => {
				const id = createHash("sha256").update(text).digest("hex");
				return server.putText(url, { topic, lane, id, text });
			},
			program: { module: import.meta.resolve("./index.ts"), url },
			handles: () => server.connections(),
			close: async () => {},
		};
	});
});

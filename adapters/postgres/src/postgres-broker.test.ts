import { createHash } from "node:crypto";
import { Context } from "@allium/core";
import { brokerSuite } from "@allium/testing/broker-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { broker } from "./postgres-broker.ts";
import { postgresPorts } from "./postgres-ports.ts";

const background = Context.background();

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
			retain: async () => {
				const { log, state } = await postgresPorts(url);
				// It looks after the topics that were opened.
				for (const topic of await log.topics(background)) await log.find(topic, background);
				await log.retain();
				await Promise.all([log.close(), state.close()]);
			},
			program: { module: import.meta.resolve("./index.ts"), url },
			handles: () => server.connections(),
			close: async () => {},
		};
	});
});

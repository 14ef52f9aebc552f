import { createHash } from "node:crypto";
import type { LogSetup } from "@allium/testing/log-suite";
import { logSuite } from "@allium/testing/log-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import type { PostgresLog } from "./postgres-log.ts";
import { postgresPorts } from "./postgres-ports.ts";

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	logSuite("postgres", async (): Promise<LogSetup> => {
		const url = server.newUrl();
		const opened: PostgresLog[] = [];
		return {
			target: `tcp://${server.host}`,
			open: async ({ target }) => {
				const { log, state } = await postgresPorts(target === undefined ? url : server.through(url, target));
				await state.close();
				opened.push(log);
				return log;
			},
			outage: { kill: () => server.kill(), restart: () => server.server.restart() },
			putText: (topic, lane, text) => {
				const id = createHash("sha256").update(text).digest("hex");
				return server.putText(url, { topic, lane, id, text });
			},
			retain: async () => {
				for (const log of opened) await log.retain();
			},
			program: { module: import.meta.resolve("./index.ts"), url },
			handles: () => server.connections(),
			close: async () => {},
		};
	});
});

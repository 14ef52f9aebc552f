import { groupStateSuite } from "@allium/testing/group-state-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { postgresPorts } from "./postgres-ports.ts";

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	groupStateSuite("postgres", async () => {
		const url = server.newUrl();
		return {
			target: `tcp://${server.host}`,
			open: async ({ target }) => {
				const { log, state } = await postgresPorts(target === undefined ? url : server.through(url, target));
				await log.close();
				return state;
			},
			outage: { kill: () => server.kill(), restart: () => server.server.restart() },
			handles: () => server.connections(),
			close: async () => {},
		};
	});
});

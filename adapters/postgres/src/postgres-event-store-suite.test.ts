import { eventStoreSuite } from "@allium/testing/event-store-suite";
import { describeServer } from "@allium/testing/servers";
import postgres from "postgres";
import { afterAll, beforeAll } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { eventStore } from "./postgres-event-store.ts";

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await RunningPostgres.start(file);
		await server.run("CREATE DATABASE other");
	});
	afterAll(() => server[Symbol.asyncDispose]());

	/** A transaction in another database that has written, and stays open until it is ended. */
	async function idleWriter(): Promise<() => Promise<void>> {
		const { port } = server.server;
		const sql = postgres({ host: "127.0.0.1", port, user: "postgres", database: "other", max: 1 });
		await sql.unsafe("BEGIN ISOLATION LEVEL REPEATABLE READ; CREATE TABLE held (one int)");
		return () => sql.end({ timeout: 0 });
	}

	eventStoreSuite("postgres", async () => {
		const url = server.newUrl();
		// The tables of a service lie in its own schema, which all tests share.
		await server.run("DROP TABLE IF EXISTS suite_sums");
		return {
			target: `tcp://${server.host}`,
			open: ({ target }) => eventStore(target === undefined ? url : server.through(url, target)),
			outage: { kill: () => server.kill(), restart: () => server.server.restart() },
			program: { module: import.meta.resolve("./index.ts"), url },
			handles: () => server.connections(),
			idleWriter,
			slowTransactions: true,
			close: async () => {},
		};
	});
});

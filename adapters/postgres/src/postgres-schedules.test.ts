import { scheduleSuite } from "@allium/testing/schedule-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { eventStore } from "./postgres-event-store.ts";

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	scheduleSuite("postgres", async () => {
		const url = server.newUrl();
		return {
			open: () => eventStore(url),
			program: new URL("fixtures/schedule-worker.ts", import.meta.url),
			url,
			close: async () => {},
		};
	});
});

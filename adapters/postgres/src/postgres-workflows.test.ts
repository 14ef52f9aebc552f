import { describeServer } from "@allium/testing/servers";
import { workflowSuite } from "@allium/testing/workflow-suite";
import { afterAll, beforeAll } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { eventStore } from "./postgres-event-store.ts";

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	workflowSuite("postgres", async () => {
		const url = server.newUrl();
		return {
			open: () => eventStore(url),
			program: { module: import.meta.resolve("./index.ts"), url },
			close: async () => {},
		};
	});
});

import { Context } from "@allium/core";
import type { ServerReport } from "@allium/core/event";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { postgresPorts } from "./postgres-ports.ts";

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	/** The server's report, for processes that start now. */
	async function report(): Promise<ServerReport> {
		const { log, state } = await postgresPorts(server.newUrl());
		try {
			return await log.server(Context.background());
		} finally {
			await Promise.all([log.close(), state.close()]);
		}
	}

	test("a server with its own defaults has a version, and nothing to warn of", async () => {
		expect(await report()).toEqual({
			version: expect.stringMatching(/^PostgreSQL \d+(\.\d+)?$/),
			warnings: [],
		});
	});

	test("a setting that loses what was acknowledged is told with its remedy", async () => {
		await server.run("ALTER ROLE postgres SET synchronous_commit TO off");
		const { warnings } = await report();
		await server.run("ALTER ROLE postgres RESET synchronous_commit");
		expect(warnings).toEqual([
			{
				says: "synchronous_commit is off: a crash of the server loses the last events that it has acknowledged",
				remedy: expect.stringContaining("SET synchronous_commit TO on"),
			},
		]);
	});
});

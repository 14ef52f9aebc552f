import { postgresServer, serverProgram, startServer } from "@allium/testing/servers";
import { expect, onTestFinished, test } from "vitest";
import openPostgresStore from "./postgres.ts";

const file = serverProgram("postgres");

test.skipIf(file === undefined)("every part of the store on PostgreSQL measures something", async () => {
	const server = await startServer(postgresServer({ file: file ?? "" }));
	onTestFinished(() => server.close());
	const url = `postgres://postgres@127.0.0.1:${server.port}/postgres`;
	const { parts, close } = await openPostgresStore({ url, backlog: 300 });
	try {
		const ids = parts.map(({ id }) => id);
		for (const part of parts) {
			if (part.floor !== undefined) expect(ids).toContain(part.floor);
			expect((await part.measure(1)).calls).toBeGreaterThan(0);
		}
	} finally {
		await close();
	}
});

import { Context } from "@allium/core";
import { onceStoreSuite } from "@allium/testing/once-store-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { onceStore } from "./postgres-once-store.ts";

const background = Context.background();
const attempt = { id: "attempt", input: "hash" };

describeServer("postgres", (file) => {
	let server: RunningPostgres;
	beforeAll(async () => {
		server = await RunningPostgres.start(file);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	onceStoreSuite("postgres", async () => {
		const url = server.newUrl();
		return {
			target: `tcp://${server.host}`,
			open: ({ target }) => onceStore(target === undefined ? url : server.through(url, target)),
			outage: { kill: () => server.kill(), restart: () => server.server.restart() },
			handles: () => server.connections(),
			close: async () => {},
		};
	});

	test("calls whose time is over do not pile up", async () => {
		const url = server.newUrl();
		const store = await onceStore(url);
		for (let index = 0; index < 100; index++) {
			await store.begin(`call-${index}`, attempt, 0, background);
		}
		await store.close();
		const [row] = await server.runIn<{ calls: number }>(url, "SELECT count(*)::int AS calls FROM once_calls");
		expect(row?.calls).toBeLessThan(5);
	});

	test("keys and outcomes that PostgreSQL cannot hold as text are kept as they are", async () => {
		const store = await onceStore(server.newUrl());
		const [hostile, other] = ["\0\ud800", "\0\ud801"];
		await store.begin(hostile, attempt, 60_000, background);
		await store.end(hostile, attempt, hostile, Number.POSITIVE_INFINITY, background);
		expect(await store.begin(hostile, attempt, 60_000, background)).toMatchObject({ outcome: hostile });
		expect(await store.begin(other, attempt, 60_000, background)).toBeUndefined();
		expect(await store.begin("k".repeat(10_000), attempt, 60_000, background)).toBeUndefined();
		await store.close();
	});

	test("a user who may not make the table is told so, and another try succeeds once it is there", async () => {
		const url = server.newUrl();
		const owner = await onceStore(url);
		const schema = new URL(url).searchParams.get("schema");
		await server.run(
			`CREATE ROLE guest_${schema} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO guest_${schema};
			GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO guest_${schema}`,
		);
		const guest = await onceStore(url.replace("postgres@", `guest_${schema}@`));
		await expect(guest.begin("call", attempt, 1_000, background)).rejects.toMatchObject({
			code: "permission_denied",
			message: expect.stringContaining("grant it, as the guide to PostgreSQL shows"),
		});
		await owner.begin("another", attempt, 1_000, background);
		await server.run(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${schema}.once_calls TO guest_${schema}`);
		expect(await guest.begin("call", attempt, 1_000, background)).toBeUndefined();
		await guest.close();
		await owner.close();
	});
});

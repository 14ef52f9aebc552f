import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresServer, type ServerProcess, serverProgram, startServer } from "@allium/testing/servers";
import { type MeasuredBackend, RunningBackend } from "../events/running-backend.ts";
import type { Run } from "../run.ts";

const sqlite: MeasuredBackend = { id: "sqlite", name: "SQLite", file: "store/sqlite.ts", backlog: 1 };
const postgres: MeasuredBackend = {
	id: "postgres",
	name: "PostgreSQL",
	file: "store/postgres.ts",
	backlog: 1,
};
const emmettOnSqlite: readonly MeasuredBackend[] = ["emmett-sqlite", "emmett-sqlite-at-once"].map((id) => ({
	id,
	name: "SQLite",
	file: `peers/${id}.ts`,
	backlog: 1,
}));
const emmett: MeasuredBackend = {
	id: "emmett",
	name: "PostgreSQL",
	file: "peers/emmett-postgres.ts",
	backlog: 1,
};

/** Appending to streams, loading them, commands and the log, beside the bare floor of the same backend, and beside Emmett. */
export async function store(run: Run): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "allium-stores-"));
	const running: RunningBackend[] = [];
	let server: ServerProcess | undefined;
	const start = async (backend: MeasuredBackend, url: () => Promise<string>): Promise<void> => {
		run.progress("store", `starting ${backend.id}`);
		try {
			running.push(await RunningBackend.start(run, "store", backend, await url()));
		} catch (error) {
			run.failed("store", backend.id, error);
		}
	};
	try {
		await start(sqlite, async () => folder);
		for (const peer of emmettOnSqlite) {
			await start(peer, async () => {
				run.requirePeers();
				return folder;
			});
		}
		await start(postgres, async () => {
			server = await startPostgres(run.pinned);
			return `postgres://postgres@127.0.0.1:${server.port}/postgres`;
		});
		await start(emmett, async () => {
			run.requirePeers();
			if (server === undefined) throw new Error("its server is not installed: run npm run services");
			return `postgres://postgres@127.0.0.1:${server.port}/postgres`;
		});
		const { rounds, milliseconds } = run.options;
		for (let round = 0; round <= rounds; round++) {
			run.progress("store", round === 0 ? "warming up" : `round ${round} of ${rounds}`);
			for (const each of running) await each.measure(milliseconds, round > 0);
		}
		for (const each of running) each.report();
	} finally {
		await Promise.all(running.map((each) => each.stop()));
		await server?.close();
		rmSync(folder, { recursive: true, force: true });
	}
}

/** A separate server, with the settings of its package. */
function startPostgres(pinned: boolean): Promise<ServerProcess> {
	const file = serverProgram("postgres");
	if (file === undefined) throw new Error("its server is not installed: run npm run services");
	return startServer({ ...postgresServer({ file }), via: pinned ? ["taskset", "-c", "0"] : [] });
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { logSuite } from "@allium/testing/log-suite";
import { sqliteLog } from "./sqlite-broker.ts";

logSuite("sqlite", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-log-"));
	const url = `sqlite:${folder}`;
	return {
		open: async () => sqliteLog(url),
		async putText(topic, lane, text) {
			const database = new DatabaseSync(join(folder, "events.db"), { timeout: 5_000 });
			database
				.prepare(
					"INSERT INTO events (topic, lane, bytes, number, time, id, text)" +
						" SELECT id, ?, octet_length(?2), 1, 0, ?2, ?2 FROM topics WHERE name = ?3",
				)
				.run(lane, text, topic);
			database.close();
		},
		close: () => rm(folder, { recursive: true }),
	};
});

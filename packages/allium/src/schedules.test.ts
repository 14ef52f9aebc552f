import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventStore } from "@allium/sqlite";
import { scheduleSuite } from "@allium/testing/schedule-suite";

scheduleSuite("sqlite", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-schedules-"));
	const url = `sqlite:${folder}`;
	return {
		open: async () => eventStore(url),
		program: new URL("../fixtures/schedule-worker.ts", import.meta.url),
		url,
		close: () => rm(folder, { recursive: true }),
	};
});

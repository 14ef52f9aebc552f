import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logSuite } from "@allium/testing/log-suite";
import { putText } from "./fixtures/put-text.ts";
import { sqliteLog } from "./sqlite-ports.ts";

logSuite("sqlite", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-log-"));
	const url = `sqlite:${folder}`;
	return {
		open: async () => sqliteLog(url),
		program: { module: import.meta.resolve("./index.ts"), url },
		putText: (topic, lane, text) => putText(folder, topic, lane, text),
		close: () => rm(folder, { recursive: true }),
	};
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brokerSuite } from "@allium/testing/broker-suite";
import { putText } from "./fixtures/put-text.ts";
import { broker } from "./index.ts";

brokerSuite("sqlite", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-broker-"));
	const url = `sqlite:${folder}`;
	return {
		ttlMs: 600,
		open: ({ target: _, ...options }) => broker(url, options),
		program: { module: import.meta.resolve("./index.ts"), url },
		putText: (topic, lane, text) => putText(folder, topic, lane, text),
		close: () => rm(folder, { recursive: true }),
	};
});

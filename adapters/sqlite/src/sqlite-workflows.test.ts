import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workflowSuite } from "@allium/testing/workflow-suite";
import { eventStore } from "./index.ts";

workflowSuite("sqlite", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-workflows-"));
	const url = `sqlite:${folder}`;
	return {
		open: async () => eventStore(url),
		program: { module: import.meta.resolve("./index.ts"), url },
		close: () => rm(folder, { recursive: true }),
	};
});

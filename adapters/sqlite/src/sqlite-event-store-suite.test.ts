import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventStoreSuite } from "@allium/testing/event-store-suite";
import { eventStore } from "./index.ts";

eventStoreSuite("sqlite", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-store-"));
	const url = `sqlite:${folder}`;
	return {
		open: async () => eventStore(url),
		program: { module: import.meta.resolve("./index.ts"), url },
		close: () => rm(folder, { recursive: true }),
	};
});

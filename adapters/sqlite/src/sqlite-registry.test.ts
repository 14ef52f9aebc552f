import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registrySuite } from "@allium/testing/registry-suite";
import { registry } from "./index.ts";

registrySuite("sqlite", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-sqlite-"));
	return {
		ttlMs: 300,
		open: async ({ ttlMs }) => registry(`sqlite:${folder}`, { ttlMs }),
		close: () => rm(folder, { recursive: true }),
	};
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { groupStateSuite } from "@allium/testing/group-state-suite";
import { sqliteGroupState } from "./sqlite-ports.ts";

groupStateSuite("sqlite", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-groups-"));
	return {
		open: async () => sqliteGroupState(`sqlite:${folder}`),
		close: () => rm(folder, { recursive: true }),
	};
});

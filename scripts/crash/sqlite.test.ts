import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "vitest";
import { expectReplayed, expectSound, limits, title } from "./fixtures/expect-sound.ts";

test(`sqlite: ${title}`, limits, async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-crash-"));
	try {
		const module = import.meta.resolve("@allium/sqlite");
		expectReplayed(await expectSound({ module, url: `sqlite:${folder}` }));
	} finally {
		await rm(folder, { recursive: true });
	}
});

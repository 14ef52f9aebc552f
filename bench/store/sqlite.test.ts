import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import openSqliteStore from "./sqlite.ts";

test("every part of the store measures something, and is compared with a part that is there", async () => {
	const folder = mkdtempSync(join(tmpdir(), "allium-store-bench-"));
	const { parts, close } = await openSqliteStore({ url: folder, backlog: 300 });
	onTestFinished(async () => {
		await close();
		rmSync(folder, { recursive: true });
	});
	const ids = parts.map(({ id }) => id);
	for (const part of parts) {
		if (part.floor !== undefined) expect(ids).toContain(part.floor);
		expect(await part.measure(1)).toMatchObject({
			calls: expect.toSatisfy((calls: number) => calls > 0),
			seconds: expect.toSatisfy((seconds: number) => seconds > 0),
		});
	}
});

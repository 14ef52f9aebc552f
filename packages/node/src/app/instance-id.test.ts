import { expect, test } from "vitest";
import { instanceId } from "./instance-id.ts";

test("an id has always as many digits, and no other has it", () => {
	const ids = Array.from({ length: 1_000 }, instanceId);
	expect(new Set(ids).size).toBe(ids.length);
	for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});

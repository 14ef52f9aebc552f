import { expect, test, vi } from "vitest";
import { memoryPipes } from "./memory-pipe.ts";

test("a flush waits for the end of the turn; where more may follow, for a few further turns of microtasks", async () => {
	const [pipe] = memoryPipes();
	const flush = vi.fn();
	pipe.schedule(flush, false, false);
	expect(flush).not.toHaveBeenCalled();
	await Promise.resolve();
	expect(flush).toHaveBeenCalledOnce();

	const patient = vi.fn();
	pipe.schedule(patient, false, true);
	for (let turn = 0; turn < 8; turn++) await Promise.resolve();
	expect(patient).not.toHaveBeenCalled();
	for (let turn = 0; turn < 64; turn++) await Promise.resolve();
	expect(patient).toHaveBeenCalledOnce();
});

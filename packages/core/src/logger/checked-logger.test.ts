import { afterEach, expect, test, vi } from "vitest";
import { checkedLogger } from "./checked-logger.ts";
import type { Logger } from "./logger.ts";

afterEach(() => {
	vi.restoreAllMocks();
});

test.each<[string, Logger]>([
	[
		"throws",
		{
			log() {
				throw new Error("the disk is full");
			},
		},
	],
	["rejects", { log: async () => Promise.reject(new Error("the disk is full")) } as Logger],
])("a logger that %s does no harm to its caller, and that is said once", async (_, logger) => {
	const said = vi.spyOn(console, "error").mockImplementation(() => {});
	const checked = checkedLogger(logger);
	checked.log("info", "one");
	checked.log("info", "two", {});
	await vi.waitFor(() => expect(said).toHaveBeenCalledOnce());
	expect(said).toHaveBeenCalledWith("the logger fails, so log lines are lost", {
		error: new Error("the disk is full"),
	});
});

test("a logger gets each line, and is checked once", () => {
	const log = vi.fn();
	const checked = checkedLogger({ log });
	checked.log("warn", "hello", { a: 1 });
	expect(log).toHaveBeenCalledExactlyOnceWith("warn", "hello", { a: 1 });
	expect(checkedLogger(checked)).toBe(checked);
});

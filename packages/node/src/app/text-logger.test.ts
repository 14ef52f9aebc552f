import { ServiceError } from "@allium/core";
import { describe, expect, test } from "vitest";
import { textLogger } from "./text-logger.ts";

function capture(level?: "debug" | "warn") {
	const lines: string[] = [];
	const logger = textLogger({ write: (line) => lines.push(line), ...(level !== undefined && { level }) });
	return { lines, logger };
}

describe("a text logger", () => {
	test("writes a line with the fields behind the message", () => {
		const { lines, logger } = capture();
		logger.log("info", "called", { method: "sum", a: 1, text: "two words", gone: undefined });
		expect(lines).toHaveLength(1);
		expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}called method=sum a=1 text="two words"\n$/);
	});

	test("drops what is below its level", () => {
		const { lines, logger } = capture("warn");
		logger.log("info", "no");
		logger.log("error", "yes");
		expect(lines).toHaveLength(1);
	});

	test("shows the stack of an error that nobody declared, not of one that was", () => {
		const { lines, logger } = capture();
		logger.log("error", "failed", { error: new TypeError("a bug") });
		logger.log("warn", "refused", {
			error: new ServiceError({ code: "not_found", message: "no such match" }),
		});
		expect(lines[0]).toContain('error="a bug"\nTypeError: a bug\n    at ');
		expect(lines[1]).toMatch(/refused error="not_found: no such match"\n$/);
	});

	test("keeps a message on its line whatever is in it", () => {
		const { lines, logger } = capture();
		logger.log("info", "called", { name: "a\nb" });
		expect(lines[0]?.trimEnd()).toContain('name="a\\nb"');
	});
});

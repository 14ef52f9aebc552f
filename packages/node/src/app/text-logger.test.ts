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
		expect(lines[0]).toContain('error="a bug"\n  TypeError: a bug\n    at ');
		expect(lines[1]).toMatch(/refused error="not_found: no such match"\n$/);
	});

	test("tells who failed, where and why", () => {
		const { lines, logger } = capture();
		const cause = Object.assign(new ServiceError({ code: "unavailable", message: "cannot reach it" }), {
			callee: { method: "stock/take", answered: false, instance: "3f2a", address: "allium://10.0.0.3:4000" },
		});
		logger.log("error", "call", { error: new ServiceError({ code: "unavailable", cause }) });
		expect(lines[0]).toContain(
			'error="unavailable; caused by unavailable: cannot reach it (stock/take, instance 3f2a, allium://10.0.0.3:4000)"\n',
		);
	});

	test("takes what JSON cannot carry", () => {
		const { lines, logger } = capture();
		const round: Record<string, unknown> = {};
		round.self = round;
		logger.log("info", "called", { big: 1n, round });
		expect(lines[0]).toContain("called big=1 round=[object Object]");
	});

	test("keeps a message on its line whatever is in it", () => {
		const { lines, logger } = capture();
		logger.log("info", "called\nagain", { name: "a\nb" });
		expect(lines[0]?.trimEnd()).toMatch(/called\\nagain name="a\\nb"$/);
	});

	test.each([
		["a message", "hi\x1b[2J\x9b1m", {}],
		["a field", "hi", { name: "\x1b]0;title\x07", other: "a b\x9b\x7f" }],
		["the name of a field", "hi", { "\x1b[2J\x85": 1 }],
		["data", "hi", { data: { text: ["\x9b", "\u202e"] } }],
		["an error", "hi", { error: new TypeError("\x1b[2J\r\n12:30:01 error forged\x9b") }],
	])("lets nothing through that controls a terminal: %s", (_, message, fields) => {
		const { lines, logger } = capture();
		logger.log("info", message, fields);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
		expect(lines[0]).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
		expect(lines[0]).not.toMatch(/\n\d\d:/);
	});
});

import { describe, expect, test } from "vitest";
import { checkName } from "./name.ts";

describe("a name", () => {
	test.each(["sum", "Sum-2_b", "0", "a".repeat(128)])("of a method may be %s", (name) => {
		expect(() => checkName("method", name)).not.toThrow();
	});

	test.each(["add", "add.v2", "acme.billing.Invoices"])("of a service may be %s", (name) => {
		expect(() => checkName("service", name)).not.toThrow();
	});

	test.each(["", "a b", "a/b", "a.b", "~allium", "ä", "sum\n"])("of a method may not be %j", (name) => {
		expect(() => checkName("method", name)).toThrow(/may have only letters, digits, "-" and "_"/);
	});

	test.each(["", ".", ".add", "add.", "a..b", "a/b"])("of a service may not be %j", (name) => {
		expect(() => checkName("service", name)).toThrow(/may have only/);
	});

	test.each(["then", "constructor", "toJSON", "__proto__", "hasOwnProperty", "valueOf"])(
		"that JavaScript looks up itself is refused: %s",
		(name) => {
			expect(() => checkName("method", name)).toThrow(/reserved by JavaScript; choose another/);
			expect(() => checkName("service", name)).toThrow(/reserved/);
		},
	);

	test("that is too long is refused without repeating it", () => {
		expect(() => checkName("method", "a".repeat(129))).toThrow("method name is longer than 128 characters");
	});
});

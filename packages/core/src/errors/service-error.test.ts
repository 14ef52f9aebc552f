import { describe, expect, test, vi } from "vitest";
import { isServiceError, ServiceError, serviceErrorFrom, toServiceError } from "./service-error.ts";

describe("a ServiceError", () => {
	test("needs only a code", () => {
		expect(new ServiceError({ code: "not_found" })).toMatchObject({
			name: "ServiceError",
			code: "not_found",
			message: "not_found",
			reason: undefined,
			data: undefined,
			notExecuted: false,
			domain: undefined,
		});
	});

	test("says its reason, or its code, when it has no message", () => {
		expect(new ServiceError({ code: "not_found", reason: "no_user" }).message).toBe("no_user");
		expect(new ServiceError({ code: "not_found", message: "no such user" }).message).toBe("no such user");
	});

	test("keeps its cause, and has none where none was given", () => {
		const cause = new Error("inner");
		expect(new ServiceError({ code: "internal", cause }).cause).toBe(cause);
		expect(new ServiceError({ code: "internal" })).not.toHaveProperty("cause");
	});

	test("states what the runtime alone knows only when the runtime makes it", () => {
		const sly = { code: "unavailable", notExecuted: true, domain: "other" } as const;
		expect(new ServiceError(sly)).toMatchObject({ notExecuted: false, domain: undefined });
		expect(serviceErrorFrom({ code: "unavailable" }, { notExecuted: true, domain: "add" })).toMatchObject({
			notExecuted: true,
			domain: "add",
		});
	});
});

describe("a ServiceError made in a program that no compiler checked", () => {
	test.each([
		["a code that is none", { code: "teapot" }, /made with the code "teapot"; the codes are canceled, /],
		["no code", {}, /made with the code nothing/],
		["a reason that is no name", { code: "internal", reason: 7 }, /made with a number as its reason/],
		["metadata as a plain object", { code: "internal", metadata: { a: "1" } }, /write new Metadata\(\{/],
		[
			"details as text",
			{ code: "internal", details: ["help"] },
			/no list of protobuf messages: write \[\{ type/,
		],
	])("is refused where it is made: %s", (_, init, message) => {
		expect(() => new ServiceError(init as never)).toThrow(message);
		expect(() => new ServiceError(init as never)).toThrow(TypeError);
	});

	test("takes null for a missing field", () => {
		const init = { code: "internal", message: null, reason: null, metadata: null, retryAfterMs: null };
		expect(new ServiceError(init as never)).toMatchObject({
			message: "internal",
			reason: undefined,
			metadata: undefined,
			retryAfterMs: undefined,
		});
	});

	test.each([
		[Number.NaN, undefined],
		["5" as never, undefined],
		[-5, 0],
		[1.5, 1.5],
		[Number.POSITIVE_INFINITY, 999_999_999_000],
		[1e300, 999_999_999_000],
	])("asks to be left alone for a time that every transport carries: %s", (given, kept) => {
		expect(new ServiceError({ code: "unavailable", retryAfterMs: given }).retryAfterMs).toBe(kept);
	});

	test.each([
		{ code: "teapot" },
		{ retryAfterMs: Number.NaN },
		{ metadata: { a: "1" } },
		{ reason: 7 },
		{ details: [{ type: "x", value: "AQ" }] },
		{ message: undefined },
		{ domain: {} },
	])("is none when it was spoilt later: %o", (fields) => {
		const spoilt = Object.assign(new ServiceError({ code: "not_found" }), fields);
		expect(isServiceError(spoilt)).toBe(false);
		expect(toServiceError(spoilt)).toMatchObject({ code: "internal", cause: spoilt });
	});
});

describe("recognising", () => {
	test("works across two copies of the package", async () => {
		vi.resetModules();
		const copy = await import("./service-error.ts");
		expect(copy.ServiceError).not.toBe(ServiceError);
		const foreign = new copy.ServiceError({ code: "aborted" });
		expect(foreign).not.toBeInstanceOf(ServiceError);
		expect(isServiceError(foreign)).toBe(true);
		expect(toServiceError(foreign)).toBe(foreign);
	});

	test("refuses what only looks alike", () => {
		for (const other of [new Error("x"), { code: "aborted", name: "ServiceError" }, null, undefined, "x"]) {
			expect(isServiceError(other)).toBe(false);
		}
	});

	test("makes of anything else an internal error without detail, with the original as its cause", () => {
		const bug = new TypeError("secret");
		expect(toServiceError(bug)).toMatchObject({ code: "internal", message: "internal error", cause: bug });
		expect(toServiceError("secret").cause).toBe("secret");
	});
});

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

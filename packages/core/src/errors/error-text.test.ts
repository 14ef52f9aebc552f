import { describe, expect, test } from "vitest";
import { errorText } from "./error-text.ts";
import { ServiceError, serviceErrorFrom } from "./service-error.ts";

const refused = serviceErrorFrom(
	{
		code: "unavailable",
		message: "cannot reach allium://10.0.0.3:4000: connect ECONNREFUSED 10.0.0.3:4000",
		cause: new Error("connect ECONNREFUSED 10.0.0.3:4000"),
	},
	{
		callee: { method: "stock/take", answered: false, instance: "3f2a", address: "allium://10.0.0.3:4000" },
	},
);

describe("the text of an error", () => {
	test("is there even if its cause throws", () => {
		const error = Object.defineProperty(new Error("a bug"), "cause", {
			get: () => {
				throw new Error("no");
			},
		});
		expect(errorText(error)).toBe("a bug");
	});

	test("is its code, reason and message", () => {
		const init = { code: "not_found", reason: "gone", message: "no such match" } as const;
		expect(errorText(new ServiceError(init))).toBe("not_found (gone): no such match");
		expect(errorText(new ServiceError({ code: "not_found", reason: "gone" }))).toBe("not_found (gone)");
		expect(errorText(new ServiceError({ code: "not_found" }))).toBe("not_found");
		expect(errorText(new TypeError("a bug"))).toBe("a bug");
		expect(errorText("thrown")).toBe("thrown");
		expect(errorText(Object.create(null))).toBe("a value that cannot be shown");
	});

	test("names the callee that is the cause, where that is and why, each once", () => {
		expect(errorText(new ServiceError({ code: "unavailable", cause: refused }))).toBe(
			"unavailable; caused by unavailable: cannot reach allium://10.0.0.3:4000: connect ECONNREFUSED 10.0.0.3:4000 (stock/take, instance 3f2a, allium://10.0.0.3:4000)",
		);
	});

	test("ends, even of an error that is its own cause", () => {
		const error = new Error("round");
		error.cause = error;
		expect(errorText(error)).toBe("round");
	});
});

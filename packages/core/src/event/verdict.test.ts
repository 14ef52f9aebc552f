import { afterEach, describe, expect, test, vi } from "vitest";
import { ServiceError } from "../errors/service-error.ts";
import { handlingError, verdictOn } from "./verdict.ts";

const retry = { attempts: 8, firstDelayMs: 200, longestDelayMs: 60_000 };

/** Makes all delays as long as they can be. */
const longestJitter = () => void vi.spyOn(Math, "random").mockReturnValue(1);

afterEach(() => void vi.restoreAllMocks());

describe("what was thrown", () => {
	test("is tried again when it may be a bug of the handler", () => {
		expect(verdictOn(new Error("a bug"), 1, retry)).toMatchObject({
			do: "retry",
			blameless: false,
			error: { code: "internal", message: "a bug" },
		});
	});

	test("parks the event with the last attempt", () => {
		expect(verdictOn(new Error("a bug"), 7, retry).do).toBe("retry");
		expect(verdictOn(new Error("a bug"), 8, retry).do).toBe("park");
	});

	test.each([
		"invalid_argument",
		"not_found",
		"already_exists",
		"permission_denied",
		"failed_precondition",
	] as const)("parks the event at once when it is %s, which stays as it is", (code) =>
		expect(verdictOn(new ServiceError({ code, reason: "no" }), 1, retry)).toEqual({
			do: "park",
			error: { code, reason: "no", message: expect.any(String) },
		}),
	);

	test.each(["unavailable", "resource_exhausted"] as const)(
		"is not the event's fault when it is %s, so that no attempt is the last",
		(code) =>
			expect(verdictOn(new ServiceError({ code }), 100, retry)).toMatchObject({
				do: "retry",
				blameless: true,
			}),
	);

	test("counts as an attempt when another was faster", () => {
		expect(verdictOn(new ServiceError({ code: "aborted" }), 1, retry)).toMatchObject({ blameless: false });
		expect(verdictOn(new ServiceError({ code: "aborted" }), 8, retry).do).toBe("park");
	});
});

describe("the delay before the next attempt", () => {
	const delayOf = (thrown: unknown, attempt: number): number => {
		const verdict = verdictOn(thrown, attempt, retry);
		return verdict.do === "retry" ? verdict.afterMs : Number.NaN;
	};

	test("is random, below a bound that doubles with each attempt", () => {
		longestJitter();
		expect([1, 2, 3, 7].map((attempt) => delayOf(new Error("a bug"), attempt))).toEqual([
			200, 400, 800, 12_800,
		]);
		vi.spyOn(Math, "random").mockReturnValue(0);
		expect(delayOf(new Error("a bug"), 3)).toBe(0);
	});

	test("has a bound", () => {
		longestJitter();
		expect(delayOf(new ServiceError({ code: "unavailable" }), 1_000)).toBe(60_000);
	});

	test("is up to five seconds from the first attempt on when something else is in trouble", () => {
		longestJitter();
		expect(delayOf(new ServiceError({ code: "unavailable" }), 1)).toBe(5_000);
	});

	test("is at least what the error asks for", () => {
		vi.spyOn(Math, "random").mockReturnValue(0);
		expect(delayOf(new ServiceError({ code: "resource_exhausted", retryAfterMs: 30_000 }), 1)).toBe(30_000);
	});
});

describe("what is kept of an error", () => {
	test("is a message of at most 500 characters", () => {
		expect(handlingError(new Error("x".repeat(10_000))).message).toHaveLength(500);
	});

	test("is something, whatever was thrown", () => {
		expect(handlingError(Object.create(null))).toEqual({
			code: "internal",
			message: "a value that cannot be shown",
		});
	});
});

import { ServiceError } from "@allium/core";
import { describe, expect, test } from "vitest";
import { type FailedStep, verdictOnStep } from "./step-verdict.ts";

const late: FailedStep = { kind: "call", method: undefined, attempts: 7, tries: 1_000 };

describe("a step that failed", () => {
	test.each(["unavailable", "resource_exhausted", "aborted", "deadline_exceeded", "canceled"] as const)(
		"because of trouble elsewhere is tried again for as long as that lasts: %s",
		(code) => {
			for (const kind of ["call", "step", "publish"] as const) {
				const verdict = verdictOnStep(new ServiceError({ code }), { ...late, kind });
				expect(verdict).toMatchObject({ do: "retry", attempts: 7 });
			}
		},
	);

	test("is tried again after at most five minutes, and after what the callee asks for", () => {
		const asked = new ServiceError({ code: "resource_exhausted", retryAfterMs: 10_000 });
		for (let times = 0; times < 100; times++) {
			const verdict = verdictOnStep(asked, late);
			if (verdict.do !== "retry") expect.unreachable();
			expect(verdict.afterMs).toBeGreaterThanOrEqual(10_000 + 150_000);
			expect(verdict.afterMs).toBeLessThanOrEqual(10_000 + 300_000);
		}
	});

	test.each([new ServiceError({ code: "internal" }), new RangeError("no")])(
		"by its own fault, as far as one can know, is given up after eight attempts: %s",
		(thrown) => {
			expect(verdictOnStep(thrown, { ...late, attempts: 6 })).toMatchObject({ do: "retry", attempts: 7 });
			expect(verdictOnStep(thrown, late)).toMatchObject({ do: "park" });
		},
	);

	test("for good is the result of a function, and parks the run of a call that did not declare it", () => {
		const refused = new ServiceError({ code: "failed_precondition" });
		expect(verdictOnStep(refused, { ...late, kind: "step" })).toMatchObject({ do: "settle" });
		expect(verdictOnStep(refused, late)).toMatchObject({ do: "park" });
	});
});

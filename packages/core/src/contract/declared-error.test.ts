import { describe, expect, test } from "vitest";
import * as z from "zod";
import { Metadata } from "../context/metadata.ts";
import { ServiceError, serviceErrorFrom } from "../errors/service-error.ts";
import { contract } from "./contract.ts";
import { isError } from "./declared-error.ts";
import { method } from "./method.ts";

const Add = contract("add", {
	sum: method({
		errors: {
			two_zeroes: { code: "invalid_argument", message: "can't sum two zeroes" },
			int_overflow: { code: "out_of_range", data: z.object({ max: z.int() }) },
		},
	}),
});
const { two_zeroes, int_overflow } = Add.sum.error;

describe("a declared error", () => {
	test("is a ServiceError with the code, reason and message of its declaration", () => {
		expect(two_zeroes()).toMatchObject({
			name: "ServiceError",
			code: "invalid_argument",
			reason: "two_zeroes",
			message: "can't sum two zeroes",
			data: undefined,
			domain: "add",
			notExecuted: false,
		});
	});

	test("carries the data that its declaration asks for", () => {
		expect(int_overflow({ max: 7 })).toMatchObject({ data: { max: 7 }, message: "int_overflow" });
	});

	test("takes a message, metadata, a delay and a cause of the occasion", () => {
		const cause = new Error("inner");
		const metadata = new Metadata({ why: "because" });
		const options = { message: "both are zero", retryAfterMs: 5, metadata, cause };
		expect(two_zeroes(options)).toMatchObject(options);
		expect(int_overflow({ max: 7 }, options)).toMatchObject({ ...options, data: { max: 7 } });
	});

	test("keeps its code and reason whatever the options say", () => {
		const sly = { code: "internal", reason: "other", message: undefined };
		expect(two_zeroes(sly)).toMatchObject({
			code: "invalid_argument",
			reason: "two_zeroes",
			message: "can't sum two zeroes",
		});
	});

	test("tells its code and reason without being made", () => {
		expect([two_zeroes.code, two_zeroes.reason]).toEqual(["invalid_argument", "two_zeroes"]);
	});
});

describe("isError", () => {
	test("recognises the declared error", () => {
		expect(isError(two_zeroes(), two_zeroes)).toBe(true);
	});

	test("recognises it from over the wire, by reason and code", () => {
		const arrived = serviceErrorFrom({ code: "out_of_range", reason: "int_overflow" }, { domain: "add" });
		expect(isError(arrived, int_overflow)).toBe(true);
	});

	test("refuses other errors", () => {
		expect(isError(two_zeroes(), int_overflow)).toBe(false);
		expect(isError(new ServiceError({ code: "internal", reason: "two_zeroes" }), two_zeroes)).toBe(false);
		expect(isError(new Error("two_zeroes"), two_zeroes)).toBe(false);
		expect(isError({ code: "invalid_argument", reason: "two_zeroes" }, two_zeroes)).toBe(false);
		expect(isError(undefined, two_zeroes)).toBe(false);
	});
});

import { expect, test } from "vitest";
import { codeFromNumber, codeNumber, codes, isCode } from "./code.ts";

test("there are the sixteen codes of gRPC, in its numbers", () => {
	expect(codes).toHaveLength(16);
	expect(codeNumber("canceled")).toBe(1);
	expect(codeNumber("deadline_exceeded")).toBe(4);
	expect(codeNumber("unavailable")).toBe(14);
	expect(codeNumber("unauthenticated")).toBe(16);
});

test("a code survives its number", () => {
	expect(codes.map((code) => codeFromNumber(codeNumber(code)))).toEqual(codes);
});

test("a number that is none is unknown", () => {
	for (const number of [0, 17, -1, 1.5, Number.NaN]) expect(codeFromNumber(number)).toBe("unknown");
});

test("text from outside is checked", () => {
	expect(isCode("not_found")).toBe(true);
	for (const other of ["ok", "NOT_FOUND", "constructor", "", 5, undefined]) expect(isCode(other)).toBe(false);
});

import { expect, test } from "vitest";
import { parseDiagnostics } from "./diagnostics.ts";

test("the figures are read", () => {
	const output =
		"Files:              90\nInstantiations:  12345\nParse time:     0.050s\nCheck time:     0.123s\n";
	expect(parseDiagnostics(output)).toEqual({ instantiations: 12_345, checkSeconds: 0.123 });
});

test("a missing figure is an error, not zero", () => {
	expect(() => parseDiagnostics("Check time: 0.1s")).toThrow('no "Instantiations"');
});

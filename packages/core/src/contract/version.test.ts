import { expect, test } from "vitest";
import { compareVersions } from "./version.ts";

test("versions are ordered as semantic versioning says", () => {
	const ordered = [
		"",
		"0.9.9",
		"1.0.0-alpha",
		"1.0.0-alpha.2",
		"1.0.0-alpha.10",
		"1.0.0-beta",
		"1.0.0",
		"1.2.0",
		"1.10.0",
		"9.0.0",
		"10.0.0",
	];
	expect(ordered.toReversed().sort(compareVersions)).toEqual(ordered);
});

test("a build does not count", () => {
	expect(compareVersions("1.0.0+one", "1.0.0+two")).toBe(0);
});

import { describe, expect, test } from "vitest";
import type { Manifest } from "../workspace/workspaces.ts";
import { testingInstalled } from "./testing-installed.ts";

const needed = { "@allium/testing": "1" };

function violations(manifest: Partial<Manifest>): string[] {
	return testingInstalled({
		name: "@allium/cli",
		folder: "packages/cli",
		manifest: { name: "@allium/cli", ...manifest },
	});
}

describe("a package that services install", () => {
	test.each(["dependencies", "optionalDependencies", "peerDependencies"])(
		"may not have the testing package under %s",
		(field) => {
			expect(violations({ [field]: needed })).toEqual([
				`packages/cli/package.json declares "@allium/testing" under ${field}: services install this package, and only development needs @allium/testing; declare it under devDependencies.`,
			]);
		},
	);

	test("may have it for its own tests", () => {
		expect(violations({ devDependencies: needed })).toEqual([]);
	});
});

test("a package that is never published may depend on the testing package", () => {
	expect(violations({ private: true, dependencies: needed })).toEqual([]);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { firstDifference, whatIsMissing } from "./installed.mjs";

const zod = { "node_modules/zod": { version: "4.6.7", integrity: "sha512-a" } };

describe("the installed packages beside the lockfile", () => {
	const difference = (wanted: object, installed: object) =>
		firstDifference({ packages: wanted as never }, { packages: installed as never });

	test("the same is no difference", () => {
		expect(difference({ "": { version: "1" }, ...zod }, zod)).toBeUndefined();
	});

	test("a package that is not there, or there in another version or with other content, is one", () => {
		expect(difference(zod, {})).toBe("node_modules/zod is not installed");
		const other = { "node_modules/zod": { version: "4.6.6", integrity: "sha512-a" } };
		expect(difference(zod, other)).toBe("node_modules/zod is not 4.6.7 of package-lock.json");
		const forged = { "node_modules/zod": { version: "4.6.7", integrity: "sha512-b" } };
		expect(difference(zod, forged)).toBe("node_modules/zod is not 4.6.7 of package-lock.json");
	});

	test("packages for other platforms may be absent, and others may be there", () => {
		expect(difference({ "node_modules/win": { version: "1", optional: true } }, {})).toBeUndefined();
		expect(difference({}, zod)).toBeUndefined();
	});
});

describe("a folder", () => {
	let root: string;

	beforeEach(() => {
		root = mkdtempSync(join(tmpdir(), "allium-installed-"));
		writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages: zod }));
	});

	afterEach(() => rmSync(root, { recursive: true }));

	function install(): void {
		mkdirSync(join(root, "node_modules/zod"), { recursive: true });
		writeFileSync(join(root, "node_modules/.package-lock.json"), JSON.stringify({ packages: zod }));
	}

	test("without node_modules misses everything", () => {
		expect(whatIsMissing(root)).toBe("nothing is installed yet");
	});

	test("where everything is there misses nothing", () => {
		install();
		expect(whatIsMissing(root)).toBeUndefined();
	});

	test("from which a package was removed by hand misses that", () => {
		install();
		rmSync(join(root, "node_modules/zod"), { recursive: true });
		expect(whatIsMissing(root)).toBe("node_modules/zod is gone");
	});

	test("without a lockfile is an error that says what to do", () => {
		install();
		rmSync(join(root, "package-lock.json"));
		expect(() => whatIsMissing(root)).toThrow("git checkout package-lock.json");
	});
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { chooseExamples } from "./examples.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-examples-"));
	for (const name of ["greeter", "addsvc", "gogo", "bank", "notes"]) mkdirSync(join(folder, name));
	for (const name of ["greeter", "addsvc", "gogo", "bank"]) writeFileSync(join(folder, name, "main.ts"), "");
});

afterEach(() => rmSync(folder, { recursive: true }));

const labels = (names: string[]) => chooseExamples(folder, names).map(({ label }) => label);

test("without names, one greeter, two addsvc and one gogo", () => {
	expect(labels([])).toEqual(["greeter", "addsvc 1", "addsvc 2", "gogo"]);
});

test("names choose, and a name given twice counts once", () => {
	expect(labels(["bank", "greeter", "bank"])).toEqual(["bank", "greeter"]);
});

test("an unknown name is one sentence that lists what exists", () => {
	expect(() => labels(["bnak"])).toThrow(
		'There is no example called "bnak"; there is "addsvc", "bank", "gogo", "greeter".',
	);
});

test("a folder without a program is not an example", () => {
	expect(() => labels(["notes"])).toThrow('There is no example called "notes"');
});

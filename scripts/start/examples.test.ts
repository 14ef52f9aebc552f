import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { availableExamples, chooseExamples } from "./examples.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-examples-"));
	const programs = ["greeter", "addsvc", "gogo", "bank/services/cards", "bank/services/balance"];
	for (const name of [...programs, "notes", "bank/services/drafts"]) {
		mkdirSync(join(folder, name), { recursive: true });
	}
	for (const name of programs) writeFileSync(join(folder, name, "main.ts"), "");
});

afterEach(() => rmSync(folder, { recursive: true }));

const labels = (names: string[]) => chooseExamples(folder, names).map(({ label }) => label);

test("without names, one greeter, two addsvc and one gogo", () => {
	expect(labels([])).toEqual(["greeter", "addsvc 1", "addsvc 2", "gogo"]);
});

test("names choose, and a name given twice counts once", () => {
	expect(labels(["gogo", "greeter", "gogo"])).toEqual(["gogo", "greeter"]);
});

test("an example of many services is a process for each of them", () => {
	expect(chooseExamples(folder, ["bank"])).toEqual(
		["balance", "cards"].map((label) => ({
			label,
			example: "bank",
			file: join(folder, "bank/services", label, "main.ts"),
		})),
	);
});

test("what there is has the description of its package", () => {
	writeFileSync(join(folder, "gogo/package.json"), '{ "description": "Matches of Go." }');
	const described = availableExamples(folder).map(({ name, description }) => [name, description]);
	expect(described).toEqual([
		["addsvc", ""],
		["bank", ""],
		["gogo", "Matches of Go."],
		["greeter", ""],
	]);
});

test("an unknown name is one sentence that lists what exists", () => {
	expect(() => labels(["bnak"])).toThrow(
		'There is no example called "bnak"; there is "addsvc", "bank", "gogo", "greeter".',
	);
});

test("a folder without a program is not an example", () => {
	expect(() => labels(["notes"])).toThrow('There is no example called "notes"');
});

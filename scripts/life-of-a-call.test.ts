import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { CountedFunction } from "./life-of-a-call/counted-function.ts";
import { root } from "./workspace/root.ts";

const guide = readFileSync(join(root, "docs/guide/life-of-a-call.md"), "utf8");
const [overFrames = "", afterFrames = ""] = guide.split("\n## Over HTTP\n");
const [overHttp = ""] = afterFrames.split("\n## When a call");

describe.each([
	{ scheme: "allium", text: overFrames },
	{ scheme: "http", text: overHttp },
])("the guide's walk of a call over $scheme", async ({ scheme, text }) => {
	const program = join(root, "scripts/life-of-a-call/warm-call.ts");
	const { stdout } = await promisify(execFile)(
		process.execPath,
		["--conditions=@allium/source", program, scheme],
		{ maxBuffer: 16 * 1024 * 1024 },
	);
	const functions: CountedFunction[] = JSON.parse(stdout);
	const ran = functions.filter(({ count }) => count > 0);
	/** A function, and its file from the root of the workspace. */
	const steps = [...text.matchAll(/\[`([^`]+)`\]\(([^)]+)\)/g)].map(([, name = "", link = ""]) => ({
		name,
		file: normalize(`docs/guide/${link}`),
	}));

	test("has steps", () => {
		expect(steps.length).toBeGreaterThan(10);
	});

	test.each(steps)("passes $name in $file", ({ name, file }) => {
		const source = readFileSync(join(root, file), "utf8");
		const inside = placesOf(name, source);
		const passed = ran.filter((entered) => entered.file === file);
		expect(
			passed.filter(({ start, end }) => inside.some((place) => place.start <= start && end <= place.end)),
			`what runs there: ${passed.map((entered) => entered.name).join(", ")}`,
		).not.toEqual([]);
	});

	test("enters no more functions and files than the guide says, nor more often", () => {
		const [, ...most] = /at most (\d+) functions in (\d+) files of Allium, (\d+) times/.exec(text) ?? [];
		const entries = ran.reduce((sum, { count }) => sum + count, 0);
		const walked = [ran.length, new Set(ran.map(({ file }) => file)).size, entries];
		expect(most).toHaveLength(walked.length);
		expect(
			walked.map((count, index) => count > Number(most[index])),
			`it enters ${walked}`,
		).toEqual([false, false, false]);
	});
});

/**
 * The places at which a file declares a function, method or class of a name, each from its first line to the line that
 * closes it.
 */
function placesOf(name: string, source: string): { start: number; end: number }[] {
	const words = "(?:export |default |async |abstract |protected |readonly |function |const |class )*";
	const declaration = new RegExp(`^(\\t*)${words}${name}\\b(?=[ (:<=]).*$`, "gm");
	return [...source.matchAll(declaration)].map(({ 0: line, 1: indentation, index }) => {
		const close = source.indexOf(`\n${indentation}}`, index + line.length);
		return { start: index, end: close < 0 ? source.length : close + `\n${indentation}};`.length };
	});
}

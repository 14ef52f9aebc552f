import { execFile } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { brokenLinks } from "./guides/links.ts";
import { filesOf, stepsOf } from "./guides/page.ts";
import { missingRuntimes, runtimeFolders, withSources } from "./guides/runtimes.ts";
import { Terminal } from "./guides/terminal.ts";
import { stepsHere, take } from "./guides/walk.ts";
import { isBuilt } from "./workspace/built.ts";
import { root } from "./workspace/root.ts";

const guides = readdirSync(join(root, "docs/guide"))
	.filter((file) => file.endsWith(".md"))
	.map((file) => ({ name: `guide-${file.slice(0, -".md".length)}`, file: `docs/guide/${file}` }));
const pages = [{ name: "readme", file: "README.md" }, ...guides].map(({ name, file }) => {
	const text = readFileSync(join(root, file), "utf8");
	const commands = stepsOf(text).flatMap((step) => (step.kind === "command" ? [step.command] : []));
	const missing = missingRuntimes(commands);
	const title = missing.length === 0 ? file : `${file} (skipped: no ${missing.join(" and ")} is installed)`;
	return { name, title, text, missing, hasCommands: commands.length > 0 };
});

/**
 * Tests of a page have the time that a busy machine needs. They find the sources of the workspace, as its programs do,
 * unless the packages were built for the tests, as they are for a reader of the page.
 */
const config = `export default {
	ssr: { resolve: { conditions: ${isBuilt ? "undefined" : '["@allium/source"]'} } },
	test: { testTimeout: 150_000 },
};`;

const environment: NodeJS.ProcessEnv = {
	NODE_OPTIONS: isBuilt ? "" : "--conditions=@allium/source",
	NO_COLOR: "1",
	PATH: [
		dirname(process.execPath),
		join(root, "node_modules/.bin"),
		...runtimeFolders,
		process.env.PATH,
	].join(delimiter),
	ALLIUM_REGISTRY: undefined,
	ALLIUM_SEED: undefined,
};

/** Returns a command with which other runtimes find what Node finds. */
const found = (command: string): string => (isBuilt ? command : withSources(command));

/** Makes a folder inside the workspace, so that its packages are found. The folder has its own registry. */
function makeFolder(name: string): string {
	mkdirSync(join(root, ".cache"), { recursive: true });
	const folder = mkdtempSync(join(root, ".cache", `${name}-`));
	mkdirSync(join(folder, ".allium"));
	writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
	writeFileSync(join(folder, "vitest.config.mjs"), config);
	return folder;
}

/** Returns the command to type here. Packages are installed already, and those of the workspace are found. */
function typed(command: string): string {
	return /^npm (init|install)\b/.test(command) ? "true" : found(command.replaceAll(/\bnpx /g, ""));
}

for (const { name, title, text, missing } of pages.filter(({ hasCommands }) => hasCommands)) {
	describe.skipIf(missing.length > 0)(`${title} shows what happens`, async () => {
		let folder: string;
		let terminal: Terminal;

		beforeAll(() => {
			folder = makeFolder(name);
			terminal = new Terminal(folder, environment);
		});
		afterAll(async () => {
			await terminal.stop();
			rmSync(folder, { recursive: true, force: true });
		});

		test.for(await stepsHere(text))("$title", (step) => take(step, { folder, terminal, typed }));

		test("and its services stop in order", async () => {
			for (const { command, code, output } of await terminal.stop()) {
				expect(code, `${command}\n${output}`).toBe(0);
			}
		});
	});
}

describe("the programs of all pages", () => {
	let folder: string;
	beforeAll(() => {
		folder = makeFolder("pages");
	});
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test("have no errors of types", async () => {
		for (const { name, text } of pages) {
			for (const [file, program] of filesOf(text)) {
				mkdirSync(dirname(join(folder, name, file)), { recursive: true });
				writeFileSync(join(folder, name, file), program);
			}
		}
		const compilerOptions = { noEmit: true, declaration: false, isolatedDeclarations: false };
		const lib = ["esnext", "dom", "dom.iterable"];
		writeFileSync(
			join(folder, "tsconfig.json"),
			JSON.stringify({
				extends: join(root, "tsconfig.base.json"),
				compilerOptions: { ...compilerOptions, lib },
			}),
		);
		const check = promisify(execFile)(process.execPath, [
			join(root, "node_modules/typescript/bin/tsc"),
			"-p",
			folder,
		]);
		expect(
			await check.then(
				({ stdout }) => stdout,
				({ stdout }) => stdout,
			),
		).toBe("");
	});
});

test("the README shows a first service in under 40 lines", () => {
	const greeter = filesOf(pages[0]?.text ?? "").get("greeter.ts");
	expect(greeter?.trimEnd().split("\n").length).toBeLessThan(40);
});

test.each(globSync(["README.md", "docs/**/*.md", "examples/*/README.md", "bench/*.md"], { cwd: root }))(
	"the links of %s lead somewhere",
	(file) => expect(brokenLinks(join(root, file))).toEqual([]),
);

test("the index of the guide names every page", () => {
	const index = readFileSync(join(root, "docs/guide/README.md"), "utf8");
	const named = [...index.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, file]) => file);
	expect(named.sort()).toEqual(
		globSync("*.md", { cwd: join(root, "docs/guide"), exclude: ["README.md"] }).sort(),
	);
});

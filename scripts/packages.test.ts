import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { budgets } from "./budget/budgets.ts";
import { Terminal } from "./guides/terminal.ts";
import { stepsHere, take } from "./guides/walk.ts";
import { installed } from "./packages/installed.ts";
import { NpmRegistry } from "./packages/npm-registry.ts";
import { Outside } from "./packages/outside.ts";
import { makeProject } from "./packages/project.ts";
import { packAll, publishedPackages, type Tarball } from "./packages/tarballs.ts";
import { root } from "./workspace/root.ts";

const outside = new Outside();
const { env } = outside;
let tarballs: Tarball[];
let project: string;

beforeAll(async () => {
	tarballs = await packAll(outside);
	project = await makeProject(outside, tarballs);
}, 300_000);

afterAll(() => outside[Symbol.dispose]());

function inModules(path: string): string {
	return join(root, "node_modules", path);
}

/** Runs the installed command. */
function allium(...args: string[]): Promise<string> {
	return outside.node([join(project, "node_modules/allium/bin/allium.js"), ...args], project);
}

describe.each(publishedPackages().map(({ name }) => name))("the package %s, packed", (name) => {
	const file = (): string => tarballs.find((tarball) => tarball.name === name)?.file ?? "";

	test("has an order that publint finds nothing in", async () => {
		expect(await outside.node([inModules("publint/src/cli.js"), "run", file(), "--strict"], root)).toContain(
			"All good!",
		);
	});

	test("has types that every resolution finds", async () => {
		const cli = inModules("@arethetypeswrong/cli/dist/index.js");
		await outside.node([cli, file(), "--profile", "esm-only"], root);
	});
});

describe("the README, followed in an empty folder", async () => {
	const folder = outside.path("hello");
	let registry: NpmRegistry;
	let terminal: Terminal;

	beforeAll(async () => {
		mkdirSync(folder);
		registry = await NpmRegistry.start(outside, tarballs);
		const npm = {
			npm_config_registry: registry.url,
			npm_config_ignore_scripts: "true",
			npm_config_yes: "false",
		};
		terminal = new Terminal(folder, { ...env, ...npm, ALLIUM_REGISTRY: undefined });
	});
	afterAll(async () => {
		await terminal?.stop();
		await registry?.[Symbol.asyncDispose]();
	});

	const readme = readFileSync(join(root, "README.md"), "utf8");
	test.for(await stepsHere(readme))("$title", (step) => take(step, { folder, terminal }));

	test("leaves services that stop in order", async () => {
		for (const { command, code, output } of await terminal.stop())
			expect(code, `${command}\n${output}`).toBe(0);
	});

	test("has programs without errors of types", async () => {
		const options = [
			"--module",
			"nodenext",
			"--target",
			"esnext",
			"--strict",
			"--allowImportingTsExtensions",
		];
		const tsc = join(project, "node_modules/typescript/bin/tsc");
		const types = ["--types", "node", "--typeRoots", join(project, "node_modules/@types")];
		await outside.node([tsc, "--noEmit", ...options, ...types, "greeter.ts", "caller.ts"], folder);
	});
});

describe("in an empty project that installed the packages", () => {
	test("allium takes no more room, and brings no more packages, than it may", () => {
		const { packages, bytes } = installed(project, "allium");
		const most = `at most ${budgets.installedBytes} and ${budgets.installedPackages}`;
		console.log(`allium installed: ${bytes} bytes in ${packages.size} packages (${most}).`);
		expect(bytes).toBeLessThanOrEqual(budgets.installedBytes);
		expect(packages.size).toBeLessThanOrEqual(budgets.installedPackages);
	});

	test("the command is there, in the version of its package", async () => {
		const { version } = JSON.parse(readFileSync(join(project, "node_modules/allium/package.json"), "utf8"));
		expect(await allium("--version")).toBe(`${version}\n`);
		expect(await allium("completion", "bash")).toContain("complete -F _allium allium");
	});

	test("the library says in one sentence that a Node is too old", async () => {
		const version = "{ value: { ...process.versions, node: '20.1.0' } }";
		outside.write("project/old.mjs", `Object.defineProperty(process, "versions", ${version});`);
		outside.write("project/uses.mjs", 'await import("allium").catch(({ stack }) => console.log(stack));');
		const said = await outside.node(["--import", "./old.mjs", "uses.mjs"], project);
		expect(said).toBe("Allium needs Node 24 or newer, and this is Node 20.1.0.\n");
	});

	test("allium dev runs a service beside a gateway, which knows its routes and has a page", async () => {
		await allium("new", "shop");
		const command = join(project, "node_modules/allium/bin/allium.js");
		const args = ["dev", join(project, "shop"), "--gateway", "0"];
		await using dev = ServiceProcess.run(command, { env, args });
		const [, url] = await dev.says(/gateway is ready url=(\S+)/);
		await dev.says(/a service is served service=shop/);
		expect(await (await fetch(`${url}/items`)).json()).toEqual([]);
		const page = await fetch(`${url}/`, { headers: { accept: "text/html" } });
		expect(await page.text()).toContain("shop");
		dev.signal("SIGINT");
		expect(await dev.ended()).toBe(0);
	});

	describe.each([
		{
			template: "rest",
			call: ["add", '{"name":"pear","cents":30}'],
			answer: /^\{"id":".+","name":"pear","cents":30,"left":1\}\n$/,
		},
		{
			template: "stream",
			call: ["countdown", '{"from":1,"everyMs":1}'],
			answer: /^\{"left":1\}\n\{"left":0\}\n$/,
		},
	])("allium new --template $template", ({ template, call, answer }) => {
		beforeAll(() => allium("new", template, "--template", template).then(() => {}));

		test("needs nothing but its installed packages", () => {
			const { dependencies, devDependencies } = JSON.parse(
				readFileSync(join(project, template, "package.json"), "utf8"),
			);
			for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
				const manifest = readFileSync(join(project, "node_modules", name, "package.json"), "utf8");
				expect([name, JSON.parse(manifest).version]).toEqual([name, version]);
			}
		});

		test("makes a service that checks, and whose tests pass", async () => {
			await outside.npm(["run", "check"], join(project, template));
			const output = await outside.npm(["test"], join(project, template));
			expect(output).toMatch(/Tests +\d+ passed/);
		});

		test("makes a service that runs, and is called by its name", async () => {
			await using _service = await ServiceProcess.start(join(project, template, "main.ts"), { env });
			expect(await allium("call", template, ...call)).toMatch(answer);
		});
	});
});

import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Result, startAllium } from "../fixtures/processes.ts";

let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "allium-new-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function newService(...args: string[]): Promise<Result> {
	const path = `${join(folder, "bin")}${delimiter}${process.env.PATH}`;
	return startAllium(["new", ...args], { PATH: path }, folder).result;
}

/** Puts an npm on the path that only writes down its arguments and folder. */
function fakeNpm(code: number): void {
	mkdirSync(join(folder, "bin"));
	const file = join(folder, "bin/npm");
	writeFileSync(
		file,
		`#!/bin/sh\necho "$PWD $*" > ${JSON.stringify(join(folder, "npm.log"))}\nexit ${code}\n`,
	);
	chmodSync(file, 0o755);
}

test("makes a folder with a service, and says how to go on", async () => {
	const { code, stdout } = await newService("services/shop");
	expect(code).toBe(0);
	expect(stdout).toContain("  cd services/shop\n  npm install\n  npm run dev\n");
	expect(stdout).toMatch(/npx allium call shop \w+ '/);
	expect(readdirSync(join(folder, "services/shop"))).toContain("contract.ts");
});

test("begins as the template that was chosen", async () => {
	await newService("clock", "--template", "stream");
	expect(readFileSync(join(folder, "clock/contract.ts"), "utf8")).toContain("output: stream(");
	const { code, stderr } = await newService("other", "--template", "steam");
	expect([code, stderr]).toEqual([
		2,
		'There is no template "steam". Did you mean stream?\nThe templates are rest and stream.\n',
	]);
	expect(existsSync(join(folder, "other"))).toBe(false);
});

describe("a folder that is there", () => {
	test("is refused when it holds anything, and left as it was", async () => {
		mkdirSync(join(folder, "shop"));
		writeFileSync(join(folder, "shop/main.ts"), "mine");
		const { code, stderr } = await newService("shop");
		expect([code, stderr]).toEqual([2, "The folder shop is not empty; choose another name, or empty it.\n"]);
		expect(readdirSync(join(folder, "shop"))).toEqual(["main.ts"]);
	});

	test("is taken when it holds nothing but an empty repository", async () => {
		mkdirSync(join(folder, "shop/.git"), { recursive: true });
		const started = startAllium(["new", "."], {}, join(folder, "shop"));
		const { code, stdout } = await started.result;
		expect([code, stdout]).toEqual([0, expect.stringContaining("\n  npm install\n  npm run dev\n")]);
		expect(stdout).not.toContain("  cd ");
	});

	test("is refused when it is a file", async () => {
		writeFileSync(join(folder, "shop"), "");
		expect((await newService("shop")).stderr).toBe("shop is a file; choose another name.\n");
	});
});

test("a name that no service can have is refused in one sentence", async () => {
	const { code, stderr } = await newService("My Shop");
	expect(code).toBe(2);
	expect(stderr).toMatch(/^A service cannot be called "My Shop": .* Did you mean my-shop\?\n$/);
	expect(readdirSync(folder)).toEqual([]);
});

describe.skipIf(process.platform === "win32")("--install", () => {
	test("runs npm install in the new folder", async () => {
		fakeNpm(0);
		const { code, stdout } = await newService("shop", "--install");
		expect(readFileSync(join(folder, "npm.log"), "utf8").trimEnd()).toMatch(/\/shop install$/);
		expect(code).toBe(0);
		expect(stdout).toContain("  cd shop\n  npm run dev\n");
	});

	test("says when that fails, and leaves the service there", async () => {
		fakeNpm(7);
		const { code, stderr } = await newService("shop", "--install");
		expect([code, stderr]).toEqual([
			1,
			"npm install failed in shop (exit code 7); the service is there, run npm install there again when the cause is gone.\n",
		]);
		expect(existsSync(join(folder, "shop/main.ts"))).toBe(true);
	});
});

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const program = fileURLToPath(new URL("../fixtures/forgetful-process.ts", import.meta.url));

/** Runs the program until it ends, or has printed the expected text. */
async function forget(what: string, env: object, said: RegExp): Promise<string> {
	const child = spawn(process.execPath, ["--conditions=@allium/source", program, what], {
		env: { PATH: process.env.PATH, ...env },
		stdio: ["ignore", "pipe", "inherit"],
	});
	const closed = once(child, "close");
	let text = "";
	child.stdout.on("data", (chunk) => {
		text += chunk;
		if (said.test(text)) child.kill("SIGKILL");
	});
	await closed;
	return text;
}

const started = /warn {2}shop ends without having been started: end the program with await app\.run\(\)\n$/;
const stopped =
	/warn {2}shop makes no calls any more, and keeps its process up: await app\.stop\(\) when it is done\n$/;

describe("a program is told in development", () => {
	test("that it forgot to start its app", async () => {
		expect(await forget("start", {}, started)).toMatch(started);
	});

	test("that it forgot to stop its app", async () => {
		expect(await forget("stop", {}, stopped)).toMatch(stopped);
	});

	test("and not where it runs for real", async () => {
		expect(await forget("start", { NODE_ENV: "production" }, started)).toBe("");
	});
});

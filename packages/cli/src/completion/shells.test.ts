import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { RunningTime } from "@allium/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allium, type Started, startService } from "../fixtures/processes.ts";
import { type Shell, shells } from "./shells.ts";

const launcher = fileURLToPath(new URL("../../../allium/bin/allium.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "allium-completion-"));
const env = {
	ALLIUM_REGISTRY: `sqlite://${folder}/registry`,
	ALLIUM_NAMESPACE: "completion",
	PATH: `${folder}/bin${delimiter}${process.env.PATH}`,
	// The folders in which the shells look for their own files.
	HOME: folder,
	ZDOTDIR: folder,
	XDG_CONFIG_HOME: folder,
	XDG_DATA_HOME: folder,
};
let service: Started;

beforeAll(async () => {
	mkdirSync(join(folder, "bin"));
	mkdirSync(join(folder, "work/somewhere"), { recursive: true });
	writeFileSync(join(folder, "work/some.ts"), "");
	const script = `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} ${JSON.stringify(launcher)} "$@"\n`;
	writeFileSync(join(folder, "bin/allium"), script, { mode: 0o755 });
	for (const shell of shells) {
		const { stdout } = await allium(["completion", shell], env);
		writeFileSync(join(folder, `script.${shell}`), stdout);
	}
	({ service } = await startService(env));
});

afterAll(async () => {
	await service.end();
	rmSync(folder, { recursive: true, force: true });
});

/**
 * A program for each shell. It gets the words of a line, the last of them at the cursor, and completes that word with
 * the script that the command prints. It prints the possible completions. The program for zsh prints the completed line
 * instead, because zsh completes only at a terminal.
 */
const programs: Readonly<Record<Shell, readonly string[]>> = {
	bash: [
		"--norc",
		"-c",
		`source "$HOME/script.bash"
		COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
		_allium; printf '%s\\n' "\${COMPREPLY[@]}"`,
		"bash",
	],
	zsh: [
		"-f",
		"-c",
		`zmodload zsh/zpty
		zpty shell zsh -f -i
		zpty -w shell 'PS1=; autoload -U compinit; compinit -u -D; setopt nobeep; source "$HOME/script.zsh"'
		zpty -w shell 'show() { print -r -- "line:[$BUFFER]"; exit }; zle -N show; bindkey "^X" show'
		zpty -w shell 'print -r -- rea""dy'
		zpty -r -m shell line '*ready*'
		zpty -n -w shell "\${(j: :)@}"$'\\t\\x18'
		zpty -r -m shell line '*line:\\[*\\]*'
		print -r -- "$line"`,
		"zsh",
	],
	fish: ["--no-config", "-c", 'source "$HOME/script.fish"; complete -C "$(string join " " -- $argv)"', "--"],
};

function completed(shell: Shell, ...line: string[]): string[] {
	const { stdout, stderr } = spawnSync(shell, [...programs[shell], ...line], {
		cwd: join(folder, "work"),
		env: { ...process.env, ...env },
		encoding: "utf8",
		timeout: 60_000,
	});
	const lines =
		shell === "zsh" ? [/line:\[.* (\S+?) ?\]/.exec(stdout)?.[1] ?? stdout] : stdout.trim().split("\n");
	if (stderr !== "") throw new Error(stderr);
	return lines.map((text) => text.replace(/\t.*/, "").replace(/\/$/, ""));
}

describe.each(shells)("in %s", (shell) => {
	const isThere = spawnSync(shell, ["-c", "exit 0"]).status === 0;
	const title = isThere ? "" : ` (skipped: ${shell} is not installed)`;

	describe.skipIf(!isThere)(`the tab key completes${title}`, () => {
		test("a command and its options", () => {
			expect(completed(shell, "allium", "des")).toEqual(["describe"]);
			expect(completed(shell, "allium", "services", "--js")).toEqual(["--json"]);
		});

		test("the value of an option", () => {
			expect(completed(shell, "allium", "new", "--template", "s")).toEqual(["stream"]);
			// bash splits the word at the sign, and completes only the part after it.
			const line = shell === "bash" ? ["--template", "=", "s"] : ["--template=s"];
			const whole = shell === "bash" ? "stream" : "--template=stream";
			expect(completed(shell, "allium", "new", ...line)).toEqual([whole]);
		});

		test("a service that is up, and its methods", async () => {
			// Nothing is completed if the service does not answer soon, as on a busy machine.
			await expect.poll(() => completed(shell, "allium", "describe", "ki")).toEqual(["kinds"]);
			await expect.poll(() => completed(shell, "allium", "call", "kinds", "ref")).toEqual(["refuse"]);
		});

		test("a file or a folder", () => {
			expect(completed(shell, "allium", "dev", "some.")).toEqual(["some.ts"]);
			expect(completed(shell, "allium", "new", "som")).toEqual(["somewhere"]);
		});
	});
});

describe("what the scripts ask for", () => {
	test("is nothing, without a word, when the registry cannot be had", async () => {
		const lost = { ...env, ALLIUM_REGISTRY: "nowhere://host" };
		expect(await allium(["complete", "--", "describe", ""], lost)).toEqual({
			code: 0,
			stdout: "",
			stderr: "",
		});
	});

	test("is nothing soon, when the service does not answer", async () => {
		service.process.kill("SIGSTOP");
		const answering = allium(["complete", "--", "call", "kinds", ""], env);
		// A command that asks nobody tells how long it takes to start one while the machine is busy.
		await allium(["complete", "--", "describe", ""], { ...env, ALLIUM_REGISTRY: "nowhere://host" });
		using time = new RunningTime();
		const answer = await answering;
		service.process.kill("SIGCONT");
		expect(answer).toEqual({ code: 0, stdout: "", stderr: "" });
		expect(time.milliseconds).toBeLessThan(4_000);
	});
});

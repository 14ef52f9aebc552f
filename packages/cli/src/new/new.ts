import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import type { Run, Words } from "../command/command.ts";
import { CommandError, usageError } from "../command/command-error.ts";
import { type ExitCode, exitCode } from "../command/exit-code.ts";
import { Interruption } from "../terminal/interruption.ts";
import { nearest } from "../text/nearest.ts";
import { projectFiles } from "./project-files.ts";
import { checkProjectName } from "./project-name.ts";
import { type Template, templates } from "./templates.ts";

/** `allium new <folder>` */
export const newService: Run = async (words, { terminal, cwd }) => {
	const [path = ""] = words.arguments;
	const template = templateOf(words);
	const folder = resolve(cwd, path);
	const name = basename(folder);
	checkProjectName(name);
	const files = projectFiles(template.name, name);
	checkFolder(folder, path);
	mkdirSync(folder, { recursive: true });
	// `wx` fails rather than overwrite a file that has just appeared.
	for (const [file, text] of files) writeFileSync(join(folder, file), text, { flag: "wx" });

	const shown = relative(cwd, folder) || ".";
	const { bold } = terminal.styles;
	await terminal.print(`Created ${bold(name)} in ${shown}: a service that is ${template.summary}.`);
	const steps = [
		...(shown === "." ? [] : [`cd ${/\s/.test(shown) ? JSON.stringify(shown) : shown}`]),
		...(words.has("install") ? [] : ["npm install"]),
		"npm run dev",
	];
	if (words.has("install")) {
		const code = await install(folder, shown);
		if (code !== exitCode.ok) return code;
	}
	const call = `npx allium call ${name} ${template.call}`;
	await terminal.print(
		["", ...indented(steps), "", "Then, in another terminal:", "", `  ${call}`].join("\n"),
	);
	return exitCode.ok;
};

function templateOf(words: Words): Template {
	const name = words.value("template") ?? templates[0].name;
	const template = templates.find((candidate) => candidate.name === name);
	if (template !== undefined) return template;
	const names = templates.map((candidate) => candidate.name);
	const close = nearest(name, names);
	throw usageError(
		`There is no template ${JSON.stringify(name)}.${close === undefined ? "" : ` Did you mean ${close}?`}`,
		[`The templates are ${names.join(" and ")}.`],
	);
}

/** Refuses a folder that is not empty, so that no file is overwritten. An empty git repository counts as empty. */
function checkFolder(folder: string, path: string): void {
	if (!existsSync(folder)) return;
	if (!statSync(folder).isDirectory()) throw usageError(`${path} is a file; choose another name.`);
	if (readdirSync(folder).some((entry) => entry !== ".git")) {
		throw usageError(`The folder ${path} is not empty; choose another name, or empty it.`);
	}
}

/** Runs `npm install` in the folder. It writes to the terminal itself. */
async function install(folder: string, shown: string): Promise<ExitCode> {
	const ended = Promise.withResolvers<string>();
	const npm = spawn("npm", ["install"], {
		cwd: folder,
		stdio: "inherit",
		// On Windows, npm is a script of the command interpreter.
		shell: process.platform === "win32",
	});
	npm.once("error", (error) => ended.resolve(error.message));
	npm.once("close", (code, signal) => ended.resolve(code === 0 ? "" : (signal ?? `exit code ${code}`)));
	// Ctrl-C reaches npm by itself, because npm is in the foreground, too.
	using interruption = new Interruption(() => npm.kill("SIGTERM"));
	const failure = await ended.promise;
	if (interruption.code !== undefined) return interruption.code;
	if (failure === "") return exitCode.ok;
	throw new CommandError(
		`npm install failed in ${shown} (${failure}); the service is there, run npm install there again when the cause is gone.`,
		exitCode.failed,
	);
}

function indented(lines: readonly string[]): string[] {
	return lines.map((line) => `  ${line}`);
}

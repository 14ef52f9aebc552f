import { readFileSync } from "node:fs";
import type { Acceptor, Dialer } from "@allium/core/transport";
import type { Adapters, Environment } from "@allium/node";
import type { Command, Surroundings } from "./command/command.ts";
import { usageError } from "./command/command-error.ts";
import { commands } from "./command/commands.ts";
import { type ExitCode, exitCode } from "./command/exit-code.ts";
import { commandHelp, overview } from "./command/help.ts";
import { report } from "./command/report.ts";
import { readWords } from "./command/words.ts";
import { Terminal } from "./terminal/terminal.ts";
import { nearest } from "./text/nearest.ts";

/** The surroundings of the command. What is not given is taken from the process. */
export interface RunOptions {
	/** Adapters by scheme. They win over those that are installed where the command runs. */
	readonly adapters?: Adapters;
	/** Transports besides those of Node. The command prefers them. */
	readonly transports?: readonly (Dialer | Acceptor)[];
	readonly stdin?: NodeJS.ReadStream;
	readonly stdout?: NodeJS.WriteStream;
	readonly stderr?: NodeJS.WriteStream;
	readonly env?: Environment;
	readonly cwd?: string;
}

/**
 * Runs the command `allium`. Resolves with its exit code once everything that it opened is closed. It never throws; it
 * reports errors on standard error.
 *
 * @param line The words after `allium`.
 */
export async function run(line: readonly string[], options: RunOptions = {}): Promise<ExitCode> {
	const env = options.env ?? process.env;
	const terminal = new Terminal(options.stdout ?? process.stdout, options.stderr ?? process.stderr, env);
	try {
		const code = await dispatch(line, {
			terminal,
			stdin: options.stdin ?? process.stdin,
			env,
			cwd: options.cwd ?? process.cwd(),
			adapters: options.adapters ?? {},
			transports: options.transports ?? [],
		});
		if (terminal.failure !== undefined) throw terminal.failure;
		return code;
	} catch (error) {
		return report(error, terminal, line.includes("--json"));
	}
}

async function dispatch(line: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
	const { terminal } = surroundings;
	const [first, ...rest] = line;
	if (first === undefined) {
		terminal.complain(overview(commands, terminal.errorStyles));
		return exitCode.usage;
	}
	if (first === "--version" || first === "-v") {
		await terminal.print(version());
		return exitCode.ok;
	}
	const named = first === "help" ? rest[0] : first;
	if (named === undefined || named === "--help" || named === "-h") {
		await terminal.print(overview(commands, terminal.styles));
		return exitCode.ok;
	}
	const command = find(named);
	const words = readWords(command, first === "help" ? ["--help"] : rest);
	if (words.has("help")) {
		await terminal.print(commandHelp(command, terminal.styles));
		return exitCode.ok;
	}
	const runCommand = await command.load();
	return runCommand(words, surroundings);
}

function find(name: string): Command {
	const command = commands.find((candidate) => candidate.name === name);
	if (command !== undefined) return command;
	const all = commands.filter(({ isHidden }) => isHidden !== true).map((candidate) => candidate.name);
	if (name.startsWith("-")) {
		throw usageError(`allium has no option ${name}; options come after the command.`, [
			"allium --help lists the commands.",
		]);
	}
	const close = nearest(name, all);
	throw usageError(
		`allium has no command ${JSON.stringify(name)}.${close === undefined ? "" : ` Did you mean ${close}?`}`,
		[`The commands are ${all.join(", ")}; allium --help describes them.`],
	);
}

/** The version of this package. */
function version(): string {
	const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
	return (manifest as { version: string }).version;
}

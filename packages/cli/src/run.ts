import { readFileSync } from "node:fs";
import type { Acceptor, Dialer } from "@allium/core/transport";
import type { Adapters, Environment } from "@allium/node";
import type { Surroundings } from "./command/command.ts";
import { commands } from "./command/commands.ts";
import { type ExitCode, exitCode } from "./command/exit-code.ts";
import { findCommand, subcommands } from "./command/find-command.ts";
import { commandHelp, overview } from "./command/help.ts";
import { report } from "./command/report.ts";
import { readWords } from "./command/words.ts";
import { Terminal } from "./terminal/terminal.ts";

/** The surroundings of the command. Each defaults to that of the process. */
export interface RunOptions {
	/** Adapters by scheme. They take precedence over those that are installed in the folder in which the command runs. */
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
	const isHelp = first === "help";
	const named = isHelp ? rest : line;
	if (named.length === 0 || named[0] === "--help" || named[0] === "-h") {
		await terminal.print(overview(commands, terminal.styles));
		return exitCode.ok;
	}
	const group = subcommands(named[0] ?? "", commands);
	if (group.length > 0 && (named[1] === "--help" || named[1] === "-h" || (isHelp && named.length === 1))) {
		await terminal.print(overview(group, terminal.styles));
		return exitCode.ok;
	}
	const found = findCommand(named, commands);
	const { command } = found;
	const words = readWords(command, isHelp ? ["--help"] : found.rest);
	if (words.has("help")) {
		await terminal.print(commandHelp(command, terminal.styles));
		return exitCode.ok;
	}
	const runCommand = await command.load();
	return runCommand(words, surroundings);
}

/** The version of this package. */
function version(): string {
	const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
	return (manifest as { version: string }).version;
}

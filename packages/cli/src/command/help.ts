import type { Styles } from "../terminal/terminal.ts";
import { columns, wrap } from "../text/columns.ts";
import type { Command, Option } from "./command.ts";
import { exitCodeRows } from "./exit-codes-text.ts";
import { commonOptions, usageLine } from "./words.ts";

const width = 90;

/** The text of `allium --help`. */
export function overview(commands: readonly Command[], { bold }: Styles): string {
	return [
		"Creates, runs, finds, describes and calls services.",
		"",
		`${bold("Usage")}  allium <command> [options]`,
		...section(
			bold("Commands"),
			commands.filter(({ isHidden }) => isHidden !== true).map(({ name, summary }) => [name, summary]),
		),
		...section(bold("Options"), [
			["--help", "Show this help; after a command, show the help for that command."],
			["--version", "Show the version."],
		]),
		...section(bold("Exit codes"), exitCodeRows),
		"",
		"Services are found in the registry that --registry, ALLIUM_REGISTRY or ALLIUM_URL names. Without those, it",
		"is SQLite files in the nearest folder .allium, shared by the processes that run below the same folder.",
	].join("\n");
}

/** The text of `allium <command> --help`. */
export function commandHelp(command: Command, { bold }: Styles): string {
	const options = Object.entries({ ...command.options, ...commonOptions });
	const { examples = [], notes = [] } = command;
	return [
		command.summary,
		"",
		`${bold("Usage")}  ${usageLine(command)}`,
		...section(
			bold("Arguments"),
			command.arguments.map(({ name, summary }) => [name, summary]),
		),
		...section(
			bold("Options"),
			options.map(([name, option]) => [written(name, option), option.summary]),
		),
		...notes.flatMap((note) => ["", ...wrap(note, width)]),
		...section(bold("Exit codes"), command.showsExitCodes === true ? exitCodeRows : []),
		...section(
			bold("Examples"),
			examples.map((example) => [example]),
		),
	].join("\n");
}

function written(name: string, { value }: Option): string {
	return value === undefined ? `--${name}` : `--${name} <${value}>`;
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
	return rows.length === 0 ? [] : ["", title, ...columns(rows).map((line) => `  ${line}`)];
}

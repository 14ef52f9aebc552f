import { nearest } from "../text/nearest.ts";
import type { Command } from "./command.ts";
import { usageError } from "./command-error.ts";

/** A command, and the words of a command line that follow its name. */
export interface FoundCommand {
	readonly command: Command;
	readonly rest: readonly string[];
}

/**
 * Finds the command with which a command line begins. A name may have two words, such as `tls init`. The first word
 * alone means `list`, if there is such a command: `allium groups` is `allium groups list`.
 *
 * @throws CommandError that names the nearest command, or all of them.
 */
export function findCommand(line: readonly string[], commands: readonly Command[]): FoundCommand {
	const [first = "", second] = line;
	const group = subcommands(first, commands);
	const list = commands.find((candidate) => candidate.name === `${first} list`);
	if (list !== undefined && (second === undefined || second.startsWith("-"))) {
		return { command: list, rest: line.slice(1) };
	}
	const length = group.length > 0 ? 2 : 1;
	const name = line.slice(0, length).join(" ");
	const command = commands.find((candidate) => candidate.name === name);
	if (command !== undefined) return { command, rest: line.slice(length) };
	if (group.length > 0) throw unknownSubcommand(first, second, group);
	throw unknownCommand(first, commands);
}

/** The commands whose names have two words and begin with this one. */
export function subcommands(word: string, commands: readonly Command[]): readonly Command[] {
	return commands.filter(({ name }) => name.startsWith(`${word} `));
}

function unknownSubcommand(first: string, second: string | undefined, group: readonly Command[]): Error {
	const all = group.map(({ name }) => name.slice(first.length + 1));
	const close = second === undefined ? undefined : nearest(second, all);
	const sentence =
		second === undefined
			? `allium ${first} takes one of ${all.join(", ")}.`
			: `allium ${first} has no command ${JSON.stringify(second)}.${close === undefined ? "" : ` Did you mean ${close}?`}`;
	return usageError(
		sentence,
		group.map(({ name, summary }) => `allium ${name}: ${summary}`),
	);
}

function unknownCommand(name: string, commands: readonly Command[]): Error {
	const all = commands.filter(({ isHidden }) => isHidden !== true).map((candidate) => candidate.name);
	if (name.startsWith("-")) {
		return usageError(`allium has no option ${name}; options come after the command.`, [
			"allium --help lists the commands.",
		]);
	}
	const close = nearest(name, all);
	return usageError(
		`allium has no command ${JSON.stringify(name)}.${close === undefined ? "" : ` Did you mean ${close}?`}`,
		[`The commands are ${all.join(", ")}; allium --help describes them.`],
	);
}

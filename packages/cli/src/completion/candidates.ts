import type { Command, Completes, Option } from "../command/command.ts";
import { subcommands } from "../command/find-command.ts";
import { commonOptions } from "../command/words.ts";

/** A possible completion of a word, and its meaning. */
export interface Candidate {
	readonly word: string;
	readonly summary: string;
}

/** The source of the completions of a word: known words, or names to look up. */
export type Wanted =
	| { readonly what: "words"; readonly candidates: readonly Candidate[] }
	| {
			readonly what: Extract<Completes, string>;
			/** The beginning of the word. */
			readonly beginning: string;
			/** The text before it in the same word, such as `--url=`. */
			readonly prefix: string;
			/** The arguments before it. */
			readonly arguments: readonly string[];
			/** The options before it. */
			readonly options: ReadonlyMap<string, string>;
	  };

const nothing: Wanted = { what: "words", candidates: [] };

/**
 * Returns the possible completions of the last word after `allium`.
 *
 * @param line The last word is the one at the cursor, as far as it has been typed. It may be empty.
 */
export function wanted(line: readonly string[], commands: readonly Command[]): Wanted {
	const [first = "", ...rest] = joined(line);
	if (rest.length === 0) return words(firstWords(commands, first), first);
	if (first === "help") return helped(rest, commands);
	const group = subcommands(first, commands);
	const second = group.length === 0 ? undefined : rest.shift();
	if (second !== undefined && rest.length === 0) return words(secondWords(first, group), second);
	const name = second === undefined ? first : `${first} ${second}`;
	const command = commands.find((candidate) => candidate.name === name);
	if (command === undefined) return nothing;
	const current = rest.pop() ?? "";
	return new CommandLine(command, rest).wanted(current);
}

/** The completions after `help`: the names of commands. */
function helped(rest: readonly string[], commands: readonly Command[]): Wanted {
	const [first = "", second] = rest;
	if (rest.length === 1) return words(firstWords(commands, ""), first);
	if (rest.length > 2 || second === undefined) return nothing;
	return words(secondWords(first, subcommands(first, commands)), second);
}

/** Joins `--name=value` into one word as other shells do, because bash splits it into several. */
function joined(line: readonly string[]): string[] {
	const result: string[] = [];
	for (const [index, word] of line.entries()) {
		const isValue = line[index - 1] === "=" && line[index - 2]?.startsWith("--") === true;
		const isEquals = word === "=" && line[index - 1]?.startsWith("--") === true;
		const isLast = index === line.length - 1;
		if (isEquals) {
			if (isLast) result.push("");
		} else if (!isValue) result.push(word);
		else if (isLast) result.push(word);
		else result[result.length - 1] += `=${word}`;
	}
	return result;
}

/** The words between the name of a command and the one at the cursor. */
class CommandLine {
	readonly #command: Command;
	readonly #known: Readonly<Record<string, Option>>;
	readonly #arguments: string[] = [];
	readonly #options = new Map<string, string>();
	/** The option whose value comes next. */
	#open: string | undefined;
	#onlyArguments = false;

	constructor(command: Command, line: readonly string[]) {
		this.#command = command;
		this.#known = { ...command.options, ...commonOptions };
		for (const word of line) this.#read(word);
	}

	wanted(current: string): Wanted {
		if (this.#open !== undefined) return this.#value(this.#open, "", current);
		if (current.startsWith("-") && !this.#onlyArguments) {
			const at = current.indexOf("=");
			if (at < 0) return words(this.#optionNames(), current);
			return this.#value(current.slice(2, at), current.slice(0, at + 1), current.slice(at + 1));
		}
		const taken = this.#command.arguments;
		const last = taken.at(-1);
		const argument = taken[this.#arguments.length] ?? (last?.many === true ? last : undefined);
		return this.#completed(argument?.completes, "", current);
	}

	#read(word: string): void {
		if (this.#open !== undefined) {
			this.#options.set(this.#open, word);
			this.#open = undefined;
		} else if (this.#onlyArguments || !word.startsWith("-") || word === "-") this.#arguments.push(word);
		else if (word === "--") this.#onlyArguments = true;
		else this.#readOption(word.slice(2));
	}

	#readOption(text: string): void {
		const at = text.indexOf("=");
		const name = at < 0 ? text : text.slice(0, at);
		this.#options.set(name, at < 0 ? "" : text.slice(at + 1));
		if (at < 0 && this.#option(name)?.value !== undefined) this.#open = name;
	}

	#option(name: string): Option | undefined {
		return Object.hasOwn(this.#known, name) ? this.#known[name] : undefined;
	}

	#value(option: string, prefix: string, beginning: string): Wanted {
		return this.#completed(this.#option(option)?.completes, prefix, beginning);
	}

	#completed(completes: Completes | undefined, prefix: string, beginning: string): Wanted {
		if (completes === undefined) return nothing;
		if (typeof completes !== "string") {
			const candidates = completes.map((word) => ({ word: prefix + word, summary: "" }));
			return words(candidates, prefix + beginning);
		}
		return {
			what: completes,
			prefix,
			beginning,
			arguments: this.#arguments,
			options: this.#options,
		};
	}

	#optionNames(): Candidate[] {
		return Object.entries(this.#known)
			.filter(([name, { many }]) => many === true || !this.#options.has(name))
			.map(([name, { summary }]) => ({ word: `--${name}`, summary }));
	}
}

/** The first words of command lines. The commands of a group share theirs. */
function firstWords(commands: readonly Command[], beginning: string): Candidate[] {
	if (beginning.startsWith("-")) {
		return [
			{ word: "--help", summary: "Show what there is." },
			{ word: "--version", summary: "Show the version." },
		];
	}
	const names = new Map<string, string>();
	for (const { name, summary, isHidden } of commands) {
		const [word = ""] = name.split(" ");
		if (isHidden !== true && !names.has(word)) names.set(word, summary);
	}
	return Array.from(names, ([word, summary]) => ({ word, summary }));
}

/** The second words of the commands of a group. */
function secondWords(first: string, group: readonly Command[]): Candidate[] {
	return group.map(({ name, summary }) => ({ word: name.slice(first.length + 1), summary }));
}

function words(all: readonly Candidate[], beginning: string): Wanted {
	return { what: "words", candidates: all.filter(({ word }) => word.startsWith(beginning)) };
}

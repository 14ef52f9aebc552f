import { parseArgs } from "node:util";
import { nearest } from "../text/nearest.ts";
import type { Command, Option, Words } from "./command.ts";
import { usageError } from "./command-error.ts";

/** The options that every command takes. */
export const commonOptions: Readonly<Record<string, Option>> = {
	help: { summary: "Show this help." },
};

/**
 * Parses the words after the name of a command.
 *
 * @throws CommandError with one sentence for a word that the command does not take, or that is missing.
 */
export function readWords(command: Command, line: readonly string[]): Words {
	const options = { ...command.options, ...commonOptions };
	const values = new Map<string, string[]>();
	const positionals: string[] = [];
	for (const token of tokens(line, options)) {
		if (token.kind === "positional") positionals.push(token.value);
		else if (token.kind === "option") {
			const name = checkOption(command, options, token);
			values.set(name, [...(values.get(name) ?? []), token.value ?? ""]);
		}
	}
	const given = command.takesPath === true ? apart(positionals) : positionals;
	if (!values.has("help")) checkArguments(command, given);
	return {
		arguments: given,
		has: (option) => values.has(option),
		value: (option) => values.get(option)?.at(-1),
		values: (option) => values.get(option) ?? [],
	};
}

/** Splits `service/method` into two arguments. No name contains a slash. */
function apart([first = "", ...rest]: readonly string[]): string[] {
	const [, service, method] = /^([^/]+)\/([^/]+)$/.exec(first) ?? [];
	if (service !== undefined && method !== undefined) return [service, method, ...rest];
	return first === "" ? rest : [first, ...rest];
}

type Token = NonNullable<ReturnType<typeof tokens>>[number];

function tokens(line: readonly string[], options: Readonly<Record<string, Option>>) {
	const shapes = Object.entries(options).map(([name, option]) => [
		name,
		{
			type: option.value === undefined ? ("boolean" as const) : ("string" as const),
			...(name === "help" && { short: "h" }),
		},
	]);
	const parsed = parseArgs({
		args: [...line],
		options: Object.fromEntries(shapes),
		strict: false,
		tokens: true,
		allowPositionals: true,
	});
	return parsed.tokens;
}

/** Returns the name of the option. It must exist, and have a value exactly if it takes one. */
function checkOption(
	command: Command,
	options: Readonly<Record<string, Option>>,
	token: Extract<Token, { kind: "option" }>,
): string {
	const { name, rawName, value, inlineValue } = token;
	const option = Object.hasOwn(options, name) ? options[name] : undefined;
	if (option === undefined) throw unknownOption(command, Object.keys(options), rawName);
	if (option.value === undefined) {
		if (value !== undefined) throw usageError(`--${name} takes no value, but got ${JSON.stringify(value)}.`);
	} else if (value === undefined || value === "" || (!inlineValue && value.startsWith("--"))) {
		throw usageError(`--${name} needs a value: --${name} <${option.value}>.`);
	}
	return name;
}

function unknownOption(command: Command, names: readonly string[], rawName: string): Error {
	const close = nearest(rawName.replace(/^-+/, ""), names);
	const meant = close === undefined ? "" : ` Did you mean --${close}?`;
	return usageError(`allium ${command.name} has no option ${rawName}.${meant}`, [
		`allium ${command.name} --help shows all options.`,
	]);
}

function checkArguments(command: Command, given: readonly string[]): void {
	const missing = command.arguments.find(({ optional }, index) => !optional && given[index] === undefined);
	const usage = [`Usage: ${usageLine(command)}`];
	if (missing !== undefined) throw usageError(`allium ${command.name} needs a <${missing.name}>.`, usage);
	const takesAll = command.arguments.at(-1)?.many ?? false;
	const surplus = takesAll ? undefined : given[command.arguments.length];
	if (surplus !== undefined) {
		throw usageError(`allium ${command.name} takes no further argument ${JSON.stringify(surplus)}.`, usage);
	}
}

/** Returns the usage line of a command: `allium describe <service> [options]`. */
export function usageLine(command: Command): string {
	const words = command.arguments.map(({ name, optional, many }) => {
		const shown = many ? `${name}…` : name;
		return optional ? `[${shown}]` : `<${shown}>`;
	});
	return ["allium", command.name, ...words, "[options]"].join(" ");
}

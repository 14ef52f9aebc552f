import { readFileSync } from "node:fs";
import type { Run } from "../command/command.ts";
import { usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { shells } from "./shells.ts";

/** `allium completion <shell>` */
export const completion: Run = async (words, { terminal }) => {
	const [name] = words.arguments;
	const shell = shells.find((candidate) => candidate === name);
	if (shell === undefined) {
		throw usageError(`There is no completion for ${JSON.stringify(name)}.`, [
			`There is one for ${shells.slice(0, -1).join(", ")} and ${shells.at(-1)}.`,
		]);
	}
	// The folder is beside the sources, and beside dist.
	const script = readFileSync(new URL(`../../shells/allium.${shell}`, import.meta.url), "utf8");
	await terminal.print(script.trimEnd());
	return exitCode.ok;
};

import { createInterface } from "node:readline/promises";
import type { Surroundings, Words } from "./command.ts";
import { usageError } from "./command-error.ts";

/**
 * Asks the user whether to go on; `--yes` answers the question.
 *
 * @param what the consequence, in one sentence.
 * @throws CommandError if there is no terminal to ask at.
 */
export async function confirmed(
	what: string,
	words: Words,
	{ terminal, stdin }: Surroundings,
): Promise<boolean> {
	if (words.has("yes")) return true;
	if (stdin.isTTY !== true) throw usageError(what, ["If that is meant, say it again with --yes."]);
	terminal.complain(`${what} Go on? [y/N]`);
	const asking = createInterface({ input: stdin });
	try {
		// The end of the input, and Ctrl-C, mean no.
		const ended = new Promise<string>((resolve) => asking.once("close", () => resolve("")));
		const answer = await Promise.race([asking.question(""), ended]);
		return /^y(es)?$/i.test(answer.trim());
	} finally {
		asking.close();
	}
}

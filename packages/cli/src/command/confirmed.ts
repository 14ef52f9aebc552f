import { createInterface } from "node:readline/promises";
import type { Surroundings, Words } from "./command.ts";
import { usageError } from "./command-error.ts";

/**
 * Asks a person whether to go on; `--yes` answers for them.
 *
 * @param what what would happen, in one sentence.
 * @throws CommandError where nobody can be asked.
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
		// The end of the input, and Ctrl-C, are a no.
		const ended = new Promise<string>((resolve) => asking.once("close", () => resolve("")));
		const answer = await Promise.race([asking.question(""), ended]);
		return /^y(es)?$/i.test(answer.trim());
	} finally {
		asking.close();
	}
}

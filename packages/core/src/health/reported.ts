import type { HealthFacts } from "./checker.ts";

/** The bounds of a reported check: a text in UTF-16 code units, and the number of facts. */
const maxText = 256;
const maxFacts = 32;

/** An error as the health report shows it: one short line, without the secrets that a URL may hold. */
export function reportedError(error: unknown): string {
	try {
		return lineOf(error) || withoutMessage;
	} catch {
		// The thrown value cannot even be examined.
		return withoutMessage;
	}
}

const withoutMessage = "failed without a message";

function lineOf(error: unknown): string {
	const messages = [messageOf(error), messageOf(error instanceof Error ? error.cause : undefined)];
	const [line = ""] = messages
		.filter((message) => message !== "")
		.join(": ")
		.split("\n", 1);
	return short(line.replace(/\/\/[^\s/@]+@/g, "//***@"));
}

/** The message of a thrown value. Some errors of Node, such as that of a refused connection, have only a code. */
function messageOf(error: unknown): string {
	if (typeof error === "string") return error;
	if (!(error instanceof Error)) return "";
	return error.message || ("code" in error && typeof error.code === "string" ? error.code : "");
}

/** The facts of a check, as strings and within bounds; undefined when there are none. */
export function reportedFacts(facts: unknown): HealthFacts | undefined {
	if (typeof facts !== "object" || facts === null) return undefined;
	const entries = Object.entries(facts).slice(0, maxFacts);
	if (entries.length === 0) return undefined;
	return Object.fromEntries(entries.map(([name, value]) => [short(name), short(String(value))]));
}

function short(text: string): string {
	return text.length > maxText ? `${text.slice(0, maxText - 1)}…` : text;
}

/**
 * The sixteen error codes of gRPC and Connect, in the order of their numbers (1 to 16).
 *
 * @see https://grpc.io/docs/guides/status-codes/
 */
export const codes = [
	"canceled",
	"unknown",
	"invalid_argument",
	"deadline_exceeded",
	"not_found",
	"already_exists",
	"permission_denied",
	"resource_exhausted",
	"failed_precondition",
	"aborted",
	"out_of_range",
	"unimplemented",
	"internal",
	"unavailable",
	"data_loss",
	"unauthenticated",
] as const;

/** The kind of a failure. It has the same name on every transport. */
export type Code = (typeof codes)[number];

const numbers = new Map<string, number>(codes.map((code, index) => [code, index + 1]));

/** Whether a string from outside is one of the sixteen codes. */
export function isCode(text: unknown): text is Code {
	return typeof text === "string" && numbers.has(text);
}

/** The number of a code on the wire, 1 to 16. */
export function codeNumber(code: Code): number {
	return numbers.get(code) ?? 2;
}

/** The code of a number from the wire; `unknown` for any other number. */
export function codeFromNumber(number: number): Code {
	return codes[number - 1] ?? "unknown";
}

import { ServiceError } from "@allium/core";
import type { AnyDecider } from "./decider.ts";

/** The longest id of a stream, in bytes of UTF-8: the name of the stream has 512. */
export const longestStreamId = 400;

/**
 * The name of a stream: `account/a1`.
 *
 * @throws ServiceError `invalid_argument`, reason `invalid_id`, for an id that is empty, too long, or has characters
 * that a backend could not keep.
 */
export function streamOf({ name, id: property }: AnyDecider, id: string): string {
	const fault = faultOf(id);
	if (fault === undefined) return `${name}/${id}`;
	throw new ServiceError({
		code: "invalid_argument",
		reason: "invalid_id",
		message: `${property}: the id of a stream ${fault}`,
	});
}

/** The id of a stream in the input of a command. */
export function idIn({ id }: AnyDecider, input: unknown): string {
	const value =
		typeof input === "object" && input !== null && Object.hasOwn(input, id)
			? Reflect.get(input, id)
			: undefined;
	return typeof value === "string" ? value : "";
}

function faultOf(id: string): string | undefined {
	if (id === "") return "is a text that is not empty";
	if (id.includes("\0")) return "cannot have the character NUL";
	if (!id.isWellFormed()) return "cannot have half a surrogate pair, which is no character";
	// A UTF-16 unit has at most three bytes in UTF-8, so most ids need not be measured.
	if (id.length * 3 > longestStreamId && new TextEncoder().encode(id).length > longestStreamId) {
		return `has at most ${longestStreamId} bytes`;
	}
	return undefined;
}

import type { AnyEvent, EventValue } from "../contract/event.ts";
import { issuesText } from "../contract/issues-text.ts";
import type { Issue } from "../contract/schema.ts";
import { ServiceError } from "../errors/service-error.ts";
import { isObject } from "../json/is-object.ts";
import { parsedData } from "./parsed-data.ts";

/** The longest key, in bytes of UTF-8. */
export const longestKey = 1024;

/** The parts of a validated event that are stored. */
export interface ValidEvent {
	/** The output of the schema. */
	readonly data: unknown;
	readonly key: string | undefined;
}

/**
 * Validates an event that is to be published.
 *
 * Rejects with `invalid_argument`, reason `invalid_event`, for data that the schema refuses, and for a key that is
 * not a string of 1 to 1,024 bytes, or has a character that a backend could not keep. The data of the error are
 * `{ issues }`.
 */
export async function validEvent({ of, data }: EventValue): Promise<ValidEvent> {
	const parsed = await parsedData(of, data);
	if (parsed.issues !== undefined) throw invalidEvent(of, parsed.issues);
	return { data: parsed.value, key: keyOf(of, parsed.value) };
}

function keyOf(event: AnyEvent, data: unknown): string | undefined {
	const { key: name } = event;
	if (name === undefined) return undefined;
	const key = isObject(data) && Object.hasOwn(data, name) ? data[name] : undefined;
	if (typeof key !== "string") throw refusedKey(event, name, "is no string");
	if (key === "") throw refusedKey(event, name, "is empty");
	if (key.includes("\0")) throw refusedKey(event, name, "has the character NUL");
	if (!key.isWellFormed()) throw refusedKey(event, name, "has half a surrogate pair, which is no character");
	// A UTF-16 unit has at most three bytes in UTF-8, so most keys need not be measured.
	if (key.length * 3 > longestKey && new TextEncoder().encode(key).length > longestKey) {
		throw refusedKey(event, name, `is longer than ${longestKey} bytes`);
	}
	return key;
}

function refusedKey(event: AnyEvent, name: string, fault: string): ServiceError {
	return invalidEvent(event, [{ path: [name], message: `the key ${fault}` }]);
}

function invalidEvent({ type }: AnyEvent, issues: readonly Issue[]): ServiceError {
	return new ServiceError({
		code: "invalid_argument",
		reason: "invalid_event",
		message: `invalid data for the event ${type}: ${issuesText(issues)}`,
		data: { issues },
	});
}

import type { AnyEvent, EventValue } from "../contract/event.ts";
import { issuesText } from "../contract/issues-text.ts";
import type { Issue, Parsed } from "../contract/schema.ts";
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

/** An event whose data are parsed, or are being parsed. */
interface Parsing<E, Result = Parsed | Promise<Parsed>> {
	readonly event: E;
	readonly parsed: Result;
}

/**
 * Validates an event that is to be published.
 *
 * Rejects with `invalid_argument`, reason `invalid_event`, for data that the schema refuses, and for a key that is
 * not a string of 1 to 1,024 bytes, or has a character that a backend could not keep. The data of the error are
 * `{ issues }`.
 */
export async function validEvent(event: EventValue): Promise<ValidEvent> {
	return validOf(event, await parsedData(event.of, event.data));
}

/**
 * Validates events as {@link validEvent} does, and pairs each with its parts. The result is no promise where no schema
 * is asynchronous: it then throws where it would reject.
 */
export function validEvents<E extends EventValue>(
	events: readonly E[],
): readonly (readonly [E, ValidEvent])[] | Promise<readonly (readonly [E, ValidEvent])[]> {
	// All are parsed before the first is refused: nobody would hear of the rejection of one that comes later.
	const all: Parsing<E>[] = events.map((event) => ({ event, parsed: parsedData(event.of, event.data) }));
	if (all.every(isParsed)) return all.map(({ event, parsed }) => [event, validOf(event, parsed)] as const);
	return Promise.all(all.map(async ({ event, parsed }) => [event, validOf(event, await parsed)] as const));
}

function isParsed<E>(each: Parsing<E>): each is Parsing<E, Parsed> {
	return !(each.parsed instanceof Promise);
}

function validOf({ of }: EventValue, parsed: Parsed): ValidEvent {
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

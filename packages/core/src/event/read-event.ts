import type { AnyEvent } from "../contract/event.ts";
import { issuesText } from "../contract/issues-text.ts";
import type { Parsed } from "../contract/schema.ts";
import { reasonOf } from "../errors/reason.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { EventRecord } from "./event-record.ts";
import { parsedData } from "./parsed-data.ts";

/** The part of a stored event that its data are read from. */
type Stored = Pick<EventRecord, "id" | "version" | "data">;

/**
 * Returns the data of a stored event as its handler takes them. Older versions are upcast step by step. Then the data
 * are parsed, whatever their version: not only Allium writes to logs.
 *
 * Rejects with `failed_precondition`: with the reason `unknown_version` for a version that the contract does not know,
 * or has no upcast from; `upcast_failed` when an upcast throws; `invalid_event` when the schema refuses the data.
 * It is of no use to try again.
 */
export async function readEvent(event: AnyEvent, stored: Stored): Promise<unknown> {
	return dataOf(event, stored, await parsedOf(event, stored));
}

/**
 * Reads the data as {@link readEvent} does, and hands them on. Where no schema is asynchronous, it waits for no promise,
 * and throws where it would reject.
 */
export function withEventRead<T>(
	event: AnyEvent,
	stored: Stored,
	use: (data: unknown) => Promise<T>,
): Promise<T> {
	const parsed = parsedOf(event, stored);
	if (!(parsed instanceof Promise)) return use(dataOf(event, stored, parsed));
	return parsed.then((parsed) => use(dataOf(event, stored, parsed)));
}

function parsedOf(event: AnyEvent, stored: Stored): Parsed | Promise<Parsed> {
	return parsedData(event, stored.version === event.version ? stored.data : upcastData(event, stored));
}

function dataOf(event: AnyEvent, stored: Stored, parsed: Parsed): unknown {
	if (parsed.issues === undefined) return parsed.value;
	const what = stored.version === event.version ? "its data" : "what the upcasts made of it";
	const fault = `the schema refuses ${what}: ${issuesText(parsed.issues)}`;
	throw unreadable(event, stored, "invalid_event", fault);
}

function upcastData(event: AnyEvent, stored: Stored): unknown {
	if (stored.version > event.version) {
		const fault = `version ${event.version} is the newest that is known here; update this service`;
		throw unreadable(event, stored, "unknown_version", fault);
	}
	// The record may be handled again, and an upcast may change its argument.
	let data: unknown = structuredClone(stored.data);
	for (let version = stored.version; version < event.version; version++) {
		const upcast = event.upcast[version];
		if (upcast === undefined) {
			const fault = `the contract has no upcast from version ${version}`;
			throw unreadable(event, stored, "unknown_version", fault);
		}
		try {
			data = upcast(data);
		} catch (error) {
			const fault = `the upcast from version ${version} failed with ${reasonOf(error)}`;
			throw unreadable(event, stored, "upcast_failed", fault, error);
		}
	}
	return data;
}

function unreadable(
	{ type }: AnyEvent,
	{ id, version }: Stored,
	reason: string,
	fault: string,
	cause?: unknown,
): ServiceError {
	const message = `the event ${type} with the id ${id}, of version ${version}, cannot be read: ${fault}`;
	return new ServiceError({ code: "failed_precondition", reason, message, cause });
}

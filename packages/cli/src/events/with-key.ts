import { usageError } from "../command/command-error.ts";

/** The event that gets the key. */
export interface KeyedEvent {
	readonly type: string;
	/** The property of the data that is the key. */
	readonly key: string | undefined;
}

/**
 * Puts the key into the data.
 *
 * @throws CommandError for an event without a key, and for data with another key.
 */
export function withKey(data: unknown, key: string | undefined, event: KeyedEvent): unknown {
	if (key === undefined) return data;
	const { type, key: property } = event;
	if (property === undefined) throw usageError(`${type} has no key: leave --key out.`);
	if (typeof data !== "object" || data === null || Array.isArray(data)) return data;
	const before: unknown = Object.hasOwn(data, property) ? Reflect.get(data, property) : key;
	if (before === key) return { ...data, [property]: key };
	throw usageError(
		`The data have the key ${JSON.stringify(before)} in ${property}, and --key says ${JSON.stringify(key)}.`,
	);
}

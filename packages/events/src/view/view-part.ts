import type { AnyContract, AnyEvent } from "@allium/core";

/** The functions by which a view takes the events of one contract. */
export interface ViewPart<Handle> {
	readonly topic: string;
	/** The events that it takes, by their names on the wire. */
	readonly handlers: ReadonlyMap<string, { readonly type: AnyEvent; readonly handle: Handle }>;
}

/**
 * The events of a contract that an object of functions takes.
 *
 * @param what the function that was called, for errors: `on`.
 * @param isHandler tells a function from other values.
 * @throws TypeError if a function is named like no event of the contract, or if there is no function.
 */
export function viewPart<Handle>(
	what: string,
	contract: AnyContract,
	functions: object,
	isHandler: (value: unknown) => value is Handle,
): ViewPart<Handle> {
	const { name: topic, events } = contract["~allium"];
	const handlers = new Map<string, { type: AnyEvent; handle: Handle }>();
	for (const [name, handle] of Object.entries(functions)) {
		if (handle === undefined) continue;
		const type = events.find((event) => event.name === name);
		if (type === undefined) throw noEvent(what, topic, name, events);
		if (!isHandler(handle)) throw new TypeError(`${what}(${topic}) takes functions, and ${name} is none`);
		handlers.set(type.type, { type, handle });
	}
	if (handlers.size === 0) throw new TypeError(`${what}(${topic}) was given no function for an event`);
	return { topic, handlers };
}

function noEvent(what: string, topic: string, name: string, events: readonly AnyEvent[]): TypeError {
	const names = events.map((event) => event.name).join(", ");
	return new TypeError(
		`${what}(${topic}): "${topic}" has no event "${name}"; ${names === "" ? "it declares none" : `its events are ${names}`}`,
	);
}

/** @throws TypeError for two parts of one contract. */
export function checkParts(view: string, parts: readonly ViewPart<unknown>[]): void {
	if (parts.length === 0) throw new TypeError(`the view ${view} takes no events: give it on() or fold()`);
	const topics = parts.map(({ topic }) => topic);
	const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
	if (twice !== undefined)
		throw new TypeError(`the view ${view} names "${twice}" twice; put its events into one part`);
}

/** The properties of a view that must not change without a new version, as text. */
export function shapeOf(parts: readonly ViewPart<unknown>[], index: readonly string[]): string {
	const events = parts.flatMap(({ handlers }) => [...handlers.keys()]).sort();
	return JSON.stringify({ events, index: [...index].sort() });
}

import {
	type Cause,
	type Context,
	type EventValue,
	isServiceError,
	type Method,
	type ServiceError,
} from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import { type EventIds, isDeclared, stamped, type ValidEvent, validEvent } from "@allium/core/store";
import { kindOf, uuidv7 } from "@allium/core/transport";
import type { AnyDecider } from "./decider.ts";
import { deciderMistake } from "./decider-mistake.ts";
import type { DecisionTools } from "./decision.ts";
import { evolved } from "./evolved.ts";
import type { Folded } from "./snapshots.ts";

/** The result of `decide`: events, or the declared error that it threw. */
export type Decided =
	| { readonly events: readonly EventValue[]; readonly refusal?: undefined }
	| { readonly events?: undefined; readonly refusal: ServiceError };

/** The tools that make a decision reproducible. Ids are derived from the cause, if there is one. */
export function toolsFor(cause: Cause | undefined): DecisionTools {
	return {
		now: new Date(),
		newId: () => cause?.begin("newId", null).id ?? uuidv7(),
	};
}

/**
 * Asks a decider.
 *
 * @throws Mistake when it throws an error that the method does not declare, or returns anything other than events of
 * its contract.
 */
export function decided(
	decider: AnyDecider,
	method: Pick<Method, "name" | "path" | "errors">,
	input: unknown,
	state: unknown,
	tools: DecisionTools,
): Decided {
	const place = `the decider ${decider.name}: decide.${method.name}`;
	let result: unknown;
	try {
		result = decider["~allium"].decide[method.name]?.(input, state, tools);
	} catch (error) {
		if (isServiceError(error) && isDeclared(method, error)) return { refusal: error };
		throw deciderMistake(`${place} threw what ${method.path} does not declare`, error);
	}
	return { events: eventsIn(result, place, decider) };
}

function eventsIn(result: unknown, place: string, { contract }: AnyDecider): readonly EventValue[] {
	const { name, events } = contract["~allium"];
	const list: readonly unknown[] = Array.isArray(result) ? result : [result];
	return list.map((value) => {
		if (value instanceof Promise) {
			throw deciderMistake(
				`${place} returned a promise; a decision is made at once, from its input and the state alone`,
			);
		}
		if (!isEvent(value)) {
			throw deciderMistake(
				`${place} returned ${kindOf(value)}; it returns events, such as ${name}.${events[0]?.name}({ … }), or []`,
			);
		}
		if (!events.some(({ type }) => type === value.type)) {
			throw deciderMistake(
				`${place} returned the event ${value.type}; its events are those of the contract ${name}`,
			);
		}
		return value;
	});
}

function isEvent(value: unknown): value is EventValue {
	if (typeof value !== "object" || value === null) return false;
	const { type, of } = value as Partial<EventValue>;
	return typeof type === "string" && typeof of === "function";
}

/** Events as they are stored, and the state after them. */
export interface Recorded {
	readonly records: readonly EventRecord[];
	readonly after: Folded;
}

/** The context in which the events of a command are recorded. */
export interface Recording {
	readonly decider: AnyDecider;
	/** The id of the stream. */
	readonly id: string;
	readonly before: Folded;
	readonly source: string;
	readonly cause: Cause | undefined;
	/** Makes the ids of events that follow from no cause. */
	readonly ids: EventIds;
}

/**
 * Validates events, stamps them and folds them.
 *
 * @throws Mistake for an event that its schema refuses, or that belongs to another stream.
 */
export async function recorded(
	{ decider, id, before, source, cause, ids }: Recording,
	events: readonly EventValue[],
	ctx: Context,
): Promise<Recorded> {
	let { state } = before;
	const records: EventRecord[] = [];
	for (const event of events) {
		const valid = await validated(decider, id, event);
		state = evolved(decider, state, event.name, valid.data);
		const eventId = event.id ?? cause?.begin(event.type, event.data).id ?? ids.next();
		records.push(stamped({ ...event, id: eventId }, valid, source, ctx));
	}
	return { records, after: { state, version: before.version + records.length } };
}

async function validated(
	{ name, id: property }: AnyDecider,
	id: string,
	event: EventValue,
): Promise<ValidEvent> {
	const valid = await validEvent(event).catch((error: unknown) => {
		throw deciderMistake(`the decider ${name} made an event that is not valid`, error);
	});
	if (valid.key === id) return valid;
	throw deciderMistake(
		`the decider ${name} made ${event.type} with the key ${JSON.stringify(valid.key)}, but its ${property} is ${JSON.stringify(id)}; all events of a stream have its id as their key`,
	);
}

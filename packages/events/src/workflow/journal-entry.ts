import { ServiceError } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import type { RecordedError } from "./recorded-error.ts";

/** The kind of a step of a run. */
export type StepKind = "step" | "call" | "publish" | "sleep" | "receive";

/** An event of a contract as a journal keeps it. */
export interface KeptEvent {
	/** Its id. */
	readonly id: string;
	/** `contract.event`. */
	readonly type: string;
	readonly version: number;
	readonly data: unknown;
}

/** The run began. */
export interface Started {
	readonly is: "started";
	readonly event: KeptEvent;
}

/** The run began again with other data. Earlier entries no longer count. */
export interface Restarted {
	readonly is: "restarted";
	/** The first restart is 1. */
	readonly generation: number;
	readonly event: KeptEvent;
	/** The events that had come and were not taken yet. */
	readonly received: readonly KeptEvent[];
}

/** An event came that the run may receive. */
export interface Received {
	readonly is: "received";
	readonly event: KeptEvent;
}

/** A step has its result for ever. */
export interface Settled {
	readonly is: "settled";
	readonly step: string;
	readonly kind: StepKind;
	/** The result, unless there is an error. Missing if the step returned nothing. */
	readonly value?: unknown;
	readonly error?: RecordedError;
	/** The id of the event that it took. */
	readonly took?: string;
}

/** A step waits for an event, without a time at which it gives up. */
export interface Expecting {
	readonly is: "expecting";
	readonly step: string;
	/** The type of the event. */
	readonly event: string;
}

/** A step goes on at a time: a sleep, the end of the wait for an event, or another attempt after trouble. */
export interface Waiting {
	readonly is: "waiting";
	readonly step: string;
	readonly kind: StepKind;
	/** In ISO 8601. */
	readonly until: string;
	/** The type of the event that it waits for. */
	readonly event?: string;
	/** The number of failed attempts that count, which excludes failures that others caused. */
	readonly attempts?: number;
	/** Why the last attempt failed. */
	readonly error?: RecordedError;
}

/** The run does not go on until an operator resumes it. */
export interface Parked {
	readonly is: "parked";
	/** The step at which it stands. */
	readonly step?: string;
	readonly error: RecordedError;
}

/** Somebody lets a parked run go on. */
export interface Resumed {
	readonly is: "resumed";
}

/** Somebody wants the run to end. */
export interface Cancelled {
	readonly is: "cancelled";
	readonly reason?: string;
}

/** The run is over. */
export interface Ended {
	readonly is: "ended";
	/** Whether it ended because it was cancelled. */
	readonly cancelled?: boolean;
}

/** The content of an entry of a journal. */
export type Fact =
	| Started
	| Restarted
	| Received
	| Settled
	| Expecting
	| Waiting
	| Parked
	| Resumed
	| Cancelled
	| Ended;

/** The kinds of entries, and whether a run goes on when one comes. */
export const kindsOfEntries: Readonly<Record<Fact["is"], { readonly wakes: boolean }>> = {
	started: { wakes: true },
	restarted: { wakes: true },
	received: { wakes: true },
	waiting: { wakes: true },
	resumed: { wakes: true },
	cancelled: { wakes: true },
	settled: { wakes: false },
	expecting: { wakes: false },
	parked: { wakes: false },
	ended: { wakes: false },
};

/** An entry of a journal: its fact, and its event in the store. */
export interface Entry {
	readonly fact: Fact;
	readonly record: EventRecord;
}

/**
 * Reads an entry.
 *
 * @throws ServiceError `failed_precondition`, reason `unknown_entry`, if the event is no known entry, because another
 * program or a newer version of this one wrote it.
 */
export function entryOf(record: EventRecord): Entry {
	const is = record.type.slice(record.type.lastIndexOf(".") + 1);
	const { data } = record;
	if (!isKind(is) || typeof data !== "object" || data === null) throw noEntry(record);
	const fact = { ...data, is } as Fact;
	if (hasStep(fact) && typeof fact.step !== "string") throw noEntry(record);
	return { fact, record };
}

/** Whether it is about one step. */
export function hasStep(fact: Fact): fact is Settled | Expecting | Waiting {
	return fact.is === "settled" || fact.is === "expecting" || fact.is === "waiting";
}

function isKind(text: string): text is Fact["is"] {
	return Object.hasOwn(kindsOfEntries, text);
}

function noEntry({ type, id }: EventRecord): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "unknown_entry",
		message: `the event ${type} with the id ${id} is no entry of a journal that this version of @allium/events can read; update this service, or see who wrote it`,
	});
}

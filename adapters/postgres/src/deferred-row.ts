import type { Deferred } from "@allium/core/event";
import { arrayLiteral } from "./array-literal.ts";
import { indexedText } from "./stored-text.ts";

/** A deferred event as a row. The parts that an operator changes have their own columns. */
export interface DeferredRow {
	readonly lane: number;
	/** The id as it stands in the index. */
	readonly id: string;
	/** Null for parked. */
	readonly due: number | null;
	readonly discard: boolean;
	readonly entry: string;
}

/** The columns `id`, `key`, `due`, `discard` and `entry` of some deferred events. */
export function deferredValues(all: readonly Deferred[]): string[] {
	// If an id is given twice, the last one counts.
	const rows = [...new Map(all.map((deferred) => [deferred.id, deferred])).values()];
	return [
		arrayLiteral(rows.map(({ id }) => indexedText(id))),
		arrayLiteral(rows.map(({ key }) => (key === undefined ? undefined : indexedText(key)))),
		arrayLiteral(rows.map(({ due }) => (due === "parked" ? undefined : due))),
		arrayLiteral(rows.map(({ discard }) => String(discard === true))),
		arrayLiteral(rows.map((deferred) => JSON.stringify(deferred))),
	];
}

export function deferredOf({
	due,
	discard,
	entry,
}: Pick<DeferredRow, "due" | "discard" | "entry">): Deferred {
	const { discard: _, ...deferred }: Deferred = JSON.parse(entry);
	return { ...deferred, due: due ?? "parked", ...(discard && { discard }) };
}

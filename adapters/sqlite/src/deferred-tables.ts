import type { DatabaseSync } from "node:sqlite";
import type { Deferred, DeferredInLane, Delayed, LaneChange, Slice, Which } from "@allium/core/event";
import { Query, type Row } from "./query.ts";
import { storable } from "./storable.ts";

/** How many deferred and delayed events a group has. */
export interface DeferredCounts {
	readonly retrying: number;
	readonly parked: number;
	readonly delayed: number;
}

/**
 * The statements for the events that wait, deferred or delayed. Statements that change something need a transaction.
 */
export class DeferredTables {
	readonly #put: Query;
	readonly #settle: Query;
	readonly #ofLane: Query;
	readonly #parked: Query;
	readonly #counts: Query;
	readonly #delay: Query;
	readonly #undelay: Query;
	readonly #delayed: Query;
	readonly #delayedCount: Query;
	readonly #editAll: Query;
	readonly #editIds: Query;
	readonly #editKeys: Query;
	readonly #forgetDeferred: Query;
	readonly #forgetDelayed: Query;

	constructor(database: DatabaseSync) {
		const query = (sql: string): Query => new Query(database, sql);
		const edit = "UPDATE deferred SET due = 0, discard = ? WHERE group_id = ? AND due IS NULL";
		this.#put = query(
			"INSERT OR REPLACE INTO deferred (group_id, lane, id, key, due, discard, entry) VALUES (?, ?, ?, ?, ?, ?, ?)",
		);
		this.#settle = query("DELETE FROM deferred WHERE group_id = ? AND lane = ? AND id = ?");
		this.#ofLane = query("SELECT lane, due, discard, entry FROM deferred WHERE group_id = ? AND lane = ?");
		this.#parked = query(
			"SELECT lane, due, discard, entry FROM deferred" +
				" WHERE group_id = ? AND due IS NULL AND (lane, id) > (?, ?) ORDER BY lane, id LIMIT ?",
		);
		this.#counts = query("SELECT count(due), count(*) - count(due) FROM deferred WHERE group_id = ?");
		this.#delay = query("INSERT OR REPLACE INTO delayed (group_id, lane, cursor, due) VALUES (?, ?, ?, ?)");
		this.#undelay = query("DELETE FROM delayed WHERE group_id = ? AND lane = ? AND cursor = ?");
		this.#delayed = query(
			"SELECT cursor, due FROM delayed WHERE group_id = ? AND lane = ? AND due < ? ORDER BY due LIMIT ?",
		);
		this.#delayedCount = query("SELECT count(*) FROM delayed WHERE group_id = ?");
		this.#editAll = query(`${edit} RETURNING lane`);
		this.#editIds = query(`${edit} AND id IN (SELECT value FROM json_each(?)) RETURNING lane`);
		this.#editKeys = query(`${edit} AND key IN (SELECT value FROM json_each(?)) RETURNING lane`);
		this.#forgetDeferred = query("DELETE FROM deferred WHERE group_id = ?");
		this.#forgetDelayed = query("DELETE FROM delayed WHERE group_id = ?");
	}

	/** Carries out the part of a change that concerns events that wait. */
	save(group: number, lane: number, { defer, settle, delay, undelay }: LaneChange): void {
		for (const id of settle ?? []) this.#settle.run(group, lane, storable(id));
		for (const deferred of defer ?? []) this.#defer(group, lane, deferred);
		for (const cursor of undelay ?? []) this.#undelay.run(group, lane, cursor);
		for (const { cursor, due } of delay ?? []) this.#delay.run(group, lane, cursor, due);
	}

	ofLane(group: number, lane: number): Deferred[] {
		return this.#ofLane.all(group, lane).map((row) => toDeferred(row).deferred);
	}

	/** The parked events behind a place of the listing. */
	parked(group: number, after: string | undefined, limit: number): Slice<DeferredInLane> {
		const [lane, id] = placeOf(after);
		// One more row shows whether there are more.
		const rows = this.#parked.all(group, lane, id, limit + 1).map(toDeferred);
		const items = rows.slice(0, limit).map(({ deferred, lane }) => ({ ...deferred, lane }));
		const last = items.at(-1);
		if (last === undefined || rows.length <= limit) return { items };
		return { items, next: JSON.stringify([last.lane, storable(last.id)]) };
	}

	counts(group: number): DeferredCounts {
		const [retrying, parked] = this.#counts.get(group) ?? [];
		const [delayed] = this.#delayedCount.get(group) ?? [];
		return { retrying: Number(retrying), parked: Number(parked), delayed: Number(delayed) };
	}

	/** The delayed events of a lane that are due before a time, the earliest first. */
	delayed(group: number, lane: number, before: number, limit: number): Delayed[] {
		const rows = this.#delayed.all(group, lane, before, limit);
		return rows.map(([cursor, due]) => ({ cursor: String(cursor), due: Number(due) }));
	}

	/** Makes parked events due. Returns the lane of each. */
	edit(group: number, which: Which, discard: boolean): number[] {
		return this.#edit(group, which, discard ? 1 : 0).map(([lane]) => Number(lane));
	}

	forget(group: number): void {
		this.#forgetDeferred.run(group);
		this.#forgetDelayed.run(group);
	}

	#edit(group: number, which: Which, discard: number): readonly Row[] {
		if (which === "all") return this.#editAll.all(discard, group);
		if ("ids" in which) return this.#editIds.all(discard, group, JSON.stringify(which.ids.map(storable)));
		return this.#editKeys.all(discard, group, JSON.stringify(which.keys.map(storable)));
	}

	#defer(group: number, lane: number, { due, discard, ...entry }: Deferred): void {
		const key = entry.key === undefined ? null : storable(entry.key);
		const dueAt = due === "parked" ? null : due;
		const text = JSON.stringify(entry);
		this.#put.run(group, lane, storable(entry.id), key, dueAt, discard === true ? 1 : 0, text);
	}
}

function toDeferred([lane, due, discard, entry]: Row): {
	readonly lane: number;
	readonly deferred: Deferred;
} {
	// The text is that of `#defer`.
	const rest: Omit<Deferred, "due" | "discard"> = JSON.parse(String(entry));
	const deferred = { ...rest, due: due === null ? ("parked" as const) : Number(due) };
	return { lane: Number(lane), deferred: { ...deferred, ...(discard === 1 && { discard: true }) } };
}

/** The lane and the id in a place of the listing; before all without one. */
function placeOf(after: string | undefined): [number, string] {
	if (after === undefined) return [-1, ""];
	const [lane, id]: unknown[] = JSON.parse(after);
	return [Number(lane), String(id)];
}

import type { Context } from "@allium/core";
import {
	type Behind,
	type Cursor,
	type Cursors,
	cursorAt,
	laneOf,
	type Page,
	type PageBounds,
	type Placed,
	placedText,
	positionOf,
} from "@allium/core/event";
import { arrayLiteral } from "./array-literal.ts";
import type { BackendHandle } from "./backend-handle.ts";
import { after, cursorValues, keyPageQuery, pageQuery } from "./page-sql.ts";
import { indexedText } from "./stored-text.ts";

/** An event in its place, as the statements give it. */
interface PlacedRow {
	readonly lane: number;
	readonly position: number;
	readonly id: string;
	readonly bytes: number;
	readonly text: string;
	/**
	 * An event; or, without its text, the last one that is kept no longer, or the last one of the lane. Or the page
	 * reaches the end of the log, and there are events that have no position yet.
	 */
	readonly kind: "event" | "gone" | "head" | "pending";
}

const getSql = `
SELECT log.lane, position::float8, id, events.bytes, text, 'event' AS kind
FROM unnest($2::int[], $3::bigint[]) AS wanted (lane, place)
JOIN log ON log.topic = $1 AND log.lane = wanted.lane AND position = place JOIN events USING (seq)`;

const findSql = `
SELECT log.lane, position::float8, id, events.bytes, text, 'event' AS kind
FROM events JOIN log USING (seq) WHERE events.topic = $1 AND id = $2`;

const startSql = `SELECT lane, gone::float8 AS position, gone_id AS id FROM lanes WHERE topic = $1`;

const nowSql = `
SELECT lanes.lane, coalesce(last.position, gone)::float8 AS position, coalesce(last.id, gone_id) AS id
FROM lanes LEFT JOIN LATERAL (
	SELECT log.position, id FROM log JOIN events USING (seq)
	WHERE log.topic = $1 AND log.lane = lanes.lane ORDER BY log.position DESC LIMIT 1
) AS last ON true
WHERE lanes.topic = $1`;

const timeSql = `
SELECT lanes.lane, place::float8 AS position, coalesce(id, gone_id) AS id
FROM positions_before($1, $2::timestamptz) JOIN lanes ON topic = $1 AND lane = in_lane
LEFT JOIN log ON log.topic = $1 AND log.lane = in_lane AND log.position = place
LEFT JOIN events USING (seq)`;

const behindSql = `
SELECT after.lane, count(log.position)::float8 AS events, min(extract(epoch FROM at) * 1000)::float8 AS since
FROM ${after} LEFT JOIN log ON log.topic = $1 AND log.lane = after.lane AND log.position > after.position
GROUP BY after.lane`;

const anyBehindSql = `
SELECT FROM ${after} JOIN LATERAL (
	SELECT FROM log WHERE topic = $1 AND lane = after.lane AND position > after.position LIMIT 1
) AS log ON true LIMIT 1`;

const goneSql = `SELECT lane, gone::float8 AS position FROM lanes WHERE topic = $1`;

/** Reads one topic. */
export class TopicReading {
	readonly #handle: BackendHandle;
	readonly #topic: number;
	readonly #lanes: number;

	constructor(handle: BackendHandle, topic: number, lanes: number) {
		this.#handle = handle;
		this.#topic = topic;
		this.#lanes = lanes;
	}

	/** Tells also whether the page ends before events that have no position yet. */
	async read(
		cursors: Cursors,
		{ events: most, bytes, key }: PageBounds,
		ctx: Context,
	): Promise<{ readonly page: Page; readonly isPending: boolean }> {
		const size = { events: Math.max(1, most), bytes: Math.min(bytes, Number.MAX_SAFE_INTEGER) };
		const { sql, values } =
			key === undefined
				? pageQuery(this.#topic, this.#lanes, cursors, size)
				: keyPageQuery(this.#topic, cursors, size, { hash: keyHash(key), text: indexedText(key) });
		const rows = await this.#handle.query<PlacedRow>(sql, values, ctx);
		const isPending = rows.some(({ kind }) => kind === "pending");
		return { page: pageOf(cursors, rows), isPending };
	}

	/** Events by their places, in any order. */
	async get(
		places: readonly { readonly lane: number; readonly cursor: Cursor }[],
		ctx: Context,
	): Promise<Placed[]> {
		const lanes = arrayLiteral(places.map(({ lane }) => lane));
		const positions = arrayLiteral(places.map(({ cursor }) => positionOf(cursor)));
		const rows = await this.#handle.query<PlacedRow>(getSql, [this.#topic, lanes, positions], ctx);
		return rows.map(placed);
	}

	/** The event with an id. */
	async find(id: string, ctx: Context): Promise<Placed | undefined> {
		const rows = await this.#handle.query<PlacedRow>(findSql, [this.#topic, indexedText(id)], ctx);
		return rows.map(placed)[0];
	}

	async at(when: "start" | "now" | Date, ctx: Context): Promise<Cursors> {
		const rows = await (when instanceof Date
			? this.#handle.query<PlacedRow>(timeSql, [this.#topic, when.toISOString()], ctx)
			: this.#handle.query<PlacedRow>(when === "now" ? nowSql : startSql, [this.#topic], ctx));
		return new Map(rows.map((row) => [row.lane, cursorOf(row)]));
	}

	/** The positions of the last events of each lane that are kept no longer; 0 where all are kept. */
	async gone(ctx: Context): Promise<ReadonlyMap<number, number>> {
		const rows = await this.#handle.query<PlacedRow>(goneSql, [this.#topic], ctx);
		return new Map(rows.map(({ lane, position }) => [lane, position]));
	}

	async behind(cursors: Cursors, ctx: Context): Promise<ReadonlyMap<number, Behind>> {
		const rows = await this.#handle.query<{ lane: number; events: number; since: number | null }>(
			behindSql,
			cursorValues(this.#topic, cursors),
			ctx,
		);
		return new Map(rows.map(({ lane, events, since }) => [lane, { events, since: since ?? undefined }]));
	}

	/** Whether there is an event behind one of the cursors. */
	async isAnyBehind(cursors: Cursors, ctx: Context): Promise<boolean> {
		return (await this.#handle.query(anyBehindSql, cursorValues(this.#topic, cursors), ctx)).length > 0;
	}
}

/** The hash by which the index finds the events of a key: the key's lane of 2³¹ lanes. */
export function keyHash(key: string): number {
	return laneOf({ key, id: "" }, 2 ** 31);
}

function pageOf(cursors: Cursors, rows: readonly PlacedRow[]): Page {
	const next = new Map(cursors);
	const events: Placed[] = [];
	const lost: number[] = [];
	for (const row of rows) {
		if (row.kind === "pending") continue;
		if (row.kind === "event") events.push(placed(row));
		else if (row.kind === "gone") lost.push(row.lane);
		next.set(row.lane, cursorOf(row));
	}
	return { events, next, lost };
}

function placed(row: PlacedRow): Placed {
	return placedText(row.text, { lane: row.lane, cursor: cursorOf(row), bytes: row.bytes });
}

function cursorOf({ position, id }: Pick<PlacedRow, "position" | "id">): Cursor {
	return position === 0 ? "" : cursorAt(position, id);
}

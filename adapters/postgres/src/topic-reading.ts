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
import { indexedText } from "./stored-text.ts";

/** An event in its place, as the statements below give it. */
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

/** The cursors of a reader as rows. */
const after = "unnest($2::int[], $3::bigint[]) AS after (lane, position)";

/** Whether a page has all that there is. */
const reachesEnd = "count(*) < $4 AND bool_and(fits) IS NOT FALSE";

/** Rows of the log in the order of all lanes, as many as a page takes. A row that is too large still comes alone. */
function chosen(rows: string): string {
	return `
WITH chosen AS (
	SELECT lane, position, seq, before = 0 OR before + bytes <= $5 AS fits FROM (
		SELECT log.*, sum(bytes) OVER (ORDER BY position) - bytes AS before
		FROM (${rows} ORDER BY position LIMIT $4) AS log
	) AS log
)
SELECT chosen.lane, position::float8, id, bytes, text, 'event' AS kind FROM chosen JOIN events USING (seq) WHERE fits
UNION ALL
SELECT lanes.lane, gone::float8, gone_id, 0, '', 'gone'
FROM ${after} JOIN lanes ON topic = $1 AND lanes.lane = after.lane WHERE gone > after.position
UNION ALL
SELECT -1, 0, '', 0, '', 'pending' WHERE (SELECT ${reachesEnd} FROM chosen) AND EXISTS (SELECT FROM pending)`;
}

/** How many lanes a statement names one by one. */
const mostNamed = 64;

/**
 * The next rows of some lanes. If the lanes are named one by one, PostgreSQL merges them, and reads no more of each
 * than the page takes.
 */
function readSql(lanes: number): string {
	const columns = "SELECT lane, position, seq, bytes FROM log WHERE topic = $1";
	const named = Array.from(
		{ length: lanes },
		(_, index) =>
			`(${columns} AND lane = ($2::int[])[${index + 1}] AND position > ($3::bigint[])[${index + 1}] ORDER BY position)`,
	);
	const merged = named.join(" UNION ALL ");
	const each = `
	SELECT log.* FROM ${after} CROSS JOIN LATERAL (
		${columns} AND lane = after.lane AND position > after.position ORDER BY position LIMIT $4
	) AS log`;
	return `${chosen(lanes > mostNamed ? each : `SELECT * FROM (${merged}) AS log`)} ORDER BY position`;
}

/** If the page has all events of the key, it goes on at the ends of the lanes. */
const readKeySql = `${chosen(`
	SELECT log.lane, log.position, seq, log.bytes
	FROM ${after} JOIN log ON log.topic = $1 AND log.lane = after.lane AND log.position > after.position
	JOIN events USING (seq)
	WHERE log.key_hash = $6 AND events.key = $7`)}
UNION ALL (
	SELECT after.lane, head.position::float8, id, 0, '', 'head' FROM ${after} CROSS JOIN LATERAL (
		SELECT position, seq FROM log
		WHERE topic = $1 AND lane = after.lane AND position > after.position ORDER BY position DESC LIMIT 1
	) AS head JOIN events USING (seq)
	WHERE (SELECT ${reachesEnd} FROM chosen)
)
ORDER BY position`;

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

	constructor(handle: BackendHandle, topic: number) {
		this.#handle = handle;
		this.#topic = topic;
	}

	/** Tells also whether the page ends before events that have no position yet. */
	async read(
		cursors: Cursors,
		{ events: most, bytes, key }: PageBounds,
		ctx: Context,
	): Promise<{ readonly page: Page; readonly isPending: boolean }> {
		const bounds = [Math.max(1, most), Math.min(bytes, Number.MAX_SAFE_INTEGER)];
		const values = [...this.#values(cursors), ...bounds];
		const rows = await (key === undefined
			? this.#handle.query<PlacedRow>(readSql(cursors.size), values, ctx)
			: this.#handle.query<PlacedRow>(readKeySql, [...values, keyHash(key), indexedText(key)], ctx));
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
			this.#values(cursors),
			ctx,
		);
		return new Map(rows.map(({ lane, events, since }) => [lane, { events, since: since ?? undefined }]));
	}

	/** Whether there is an event behind one of the cursors. */
	async isAnyBehind(cursors: Cursors, ctx: Context): Promise<boolean> {
		return (await this.#handle.query(anyBehindSql, this.#values(cursors), ctx)).length > 0;
	}

	#values(cursors: Cursors): [number, string, string] {
		return [
			this.#topic,
			arrayLiteral(cursors.keys()),
			arrayLiteral(Array.from(cursors.values(), positionOf)),
		];
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

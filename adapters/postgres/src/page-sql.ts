import { type Cursors, positionOf } from "@allium/core/event";
import { arrayLiteral } from "./array-literal.ts";
import type { Value } from "./connection-pool.ts";

/** A statement that reads a page, and its values. */
export interface PageQuery {
	readonly sql: string;
	readonly values: readonly Value[];
}

/** The most that a page takes. */
export interface PageSize {
	readonly events: number;
	readonly bytes: number;
}

/** The cursors of a reader as rows. */
export const after = "unnest($2::int[], $3::bigint[]) AS after (lane, position)";

/** True if a page reaches the end of its lanes. */
const reachesEnd = "count(*) < $4 AND bool_and(fits) IS NOT FALSE";

const columns = "SELECT lane, position, seq, bytes FROM log WHERE topic = $1";

/** How many lanes a statement names one by one. */
const mostNamed = 64;

/** The most rows of `events` that are read for each one that is wanted. */
const mostTimesAsMany = 4;

/** How far cursors may be apart for {@link orderedSql}, in pages. */
const mostPagesApart = 4;
/** The most lanes of a topic for each one that is read by {@link orderedSql}. */
const mostLanesForOne = 4;

/**
 * Rows of the log in the order of all lanes, as many as a page takes, with their texts. A row that is too large still
 * comes alone. Texts that lie close to each other are read in one go: to find each of them by itself takes longer.
 */
function chosen(rows: string): string {
	return `
WITH chosen AS (
	SELECT lane, position, seq, before = 0 OR before + bytes <= $5 AS fits FROM (
		SELECT log.*, sum(bytes) OVER (ORDER BY position ROWS UNBOUNDED PRECEDING) - bytes AS before
		FROM (${rows} ORDER BY position LIMIT $4) AS log
	) AS log
), bounds AS (
	SELECT min(seq) AS first, max(seq) AS last, max(seq) - min(seq) < ${mostTimesAsMany} * count(*) AS close
	FROM chosen WHERE fits
), texts AS (
	SELECT seq, id, bytes, text FROM events
	WHERE seq BETWEEN (SELECT first FROM bounds) AND (SELECT last FROM bounds) AND (SELECT close FROM bounds)
	OFFSET 0 -- So that they are not looked for one by one.
)
SELECT chosen.lane, position::float8, id, bytes, text, 'event' AS kind FROM chosen JOIN texts USING (seq) WHERE fits
UNION ALL
SELECT chosen.lane, position::float8, id, bytes, text, 'event' AS kind FROM chosen JOIN events USING (seq)
WHERE fits AND NOT (SELECT close FROM bounds)
UNION ALL
SELECT lanes.lane, gone::float8, gone_id, 0, '', 'gone'
FROM ${after} JOIN lanes ON topic = $1 AND lanes.lane = after.lane WHERE gone > after.position
UNION ALL
SELECT -1, 0, '', 0, '', 'pending' WHERE (SELECT ${reachesEnd} FROM chosen) AND EXISTS (SELECT FROM pending)`;
}

/**
 * Reads on in the order of all lanes, and passes over rows that are not behind the cursor of their lane. There are few
 * of these where the cursors are close to each other, as those of a reader of all lanes mostly are.
 */
const orderedSql = `${chosen(`${columns} AND position > $6 AND position > ($3::bigint[])[lane + 1]`)} ORDER BY position`;

/**
 * Reads on in each lane. If the lanes are named one by one, PostgreSQL merges them, and reads no more of each than the
 * page takes.
 */
function mergedSql(lanes: number): string {
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
const ofKeySql = `${chosen(`
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

/** The first values of a statement about what is behind cursors: the topic, the lanes, and their positions. */
export function cursorValues(topic: number, cursors: Cursors): [number, string, string] {
	return laneValues(topic, positionsOf(cursors));
}

function positionsOf(cursors: Cursors): ReadonlyMap<number, number> {
	return new Map(Array.from(cursors, ([lane, cursor]) => [lane, positionOf(cursor)]));
}

function laneValues(
	topic: number,
	positions: ReadonlyMap<number, number | undefined>,
): [number, string, string] {
	return [topic, arrayLiteral(positions.keys()), arrayLiteral(positions.values())];
}

/** Reads the next page of some lanes of a topic, which has `lanes` lanes. */
export function pageQuery(topic: number, lanes: number, cursors: Cursors, size: PageSize): PageQuery {
	const { events, bytes } = size;
	const positions = positionsOf(cursors);
	const first = Math.min(...positions.values());
	const areClose = Math.max(...positions.values()) - first <= mostPagesApart * events;
	if (!areClose || positions.size * mostLanesForOne < lanes) {
		return { sql: mergedSql(positions.size), values: [...laneValues(topic, positions), events, bytes] };
	}
	// A lane that is not read has no position.
	const all = new Map(Array.from({ length: lanes }, (_, lane) => [lane, positions.get(lane)]));
	return { sql: orderedSql, values: [...laneValues(topic, all), events, bytes, first] };
}

/** The same for the events of one key, which has this hash, and stands so in the table. */
export function keyPageQuery(
	topic: number,
	cursors: Cursors,
	{ events, bytes }: PageSize,
	key: { readonly hash: number; readonly text: string },
): PageQuery {
	return { sql: ofKeySql, values: [...cursorValues(topic, cursors), events, bytes, key.hash, key.text] };
}

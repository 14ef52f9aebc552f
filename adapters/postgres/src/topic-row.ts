import { type Context, ServiceError } from "@allium/core";
import { defaultLanes, defaultRetainMs, type TopicOptions } from "@allium/core/event";
import type { BackendHandle } from "./backend-handle.ts";
import type { Value } from "./connection-pool.ts";
import { indexedText, storedText } from "./stored-text.ts";

/** The most lanes of a topic. */
const mostLanes = 4_096;

/** The id of a topic in the other tables, its number of lanes, and how long it keeps events. */
export interface TopicRow {
	readonly id: number;
	readonly lanes: number;
	/** In milliseconds; null where time does not bound it. */
	readonly retainMs: number | null;
}

const makeSql = `
WITH made AS (
	INSERT INTO topics (key, name, lanes, retain_ms, retain_bytes)
	SELECT $1, $2, $3::int, $4::float8, $5::float8
	WHERE NOT EXISTS (SELECT FROM topics WHERE key = $1)
	ON CONFLICT (key) DO NOTHING
	RETURNING id, lanes, retain_ms
), filled AS (
	INSERT INTO lanes (topic, lane) SELECT id, generate_series(0, lanes - 1) FROM made
)
SELECT id, lanes, retain_ms AS "retainMs" FROM made
UNION ALL SELECT id, lanes, retain_ms FROM topics WHERE key = $1`;

/** The topic of a name. Makes it when it is missing. */
export async function openTopic(
	handle: BackendHandle,
	name: string,
	options: TopicOptions,
	ctx: Context,
): Promise<TopicRow> {
	const { lanes = defaultLanes, retainMs = defaultRetainMs, retainBytes } = options;
	if (!Number.isInteger(lanes) || lanes < 1 || lanes > mostLanes) {
		const message = `a topic has from 1 to ${mostLanes} lanes, and not ${lanes}`;
		throw new ServiceError({ code: "invalid_argument", message });
	}
	const values = [indexedText(name), storedText(name), lanes, bound(retainMs), bound(retainBytes)];
	for (;;) {
		const [row] = await handle.query<TopicRow>(makeSql, values, ctx);
		if (row !== undefined) return row;
		// Another process made it after this statement had begun to look.
	}
}

/** The topic of a name, if it is there. */
export async function findTopic(
	handle: BackendHandle,
	name: string,
	ctx: Context,
): Promise<TopicRow | undefined> {
	const sql = 'SELECT id, lanes, retain_ms AS "retainMs" FROM topics WHERE key = $1';
	const [row] = await handle.query<TopicRow>(sql, [indexedText(name)], ctx);
	return row;
}

function bound(value: number | undefined): Value {
	return value === undefined || value === Number.POSITIVE_INFINITY ? null : value;
}

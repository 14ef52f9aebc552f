import type { Context } from "@allium/core";
import type { Slice } from "@allium/core/event";
import { placedText } from "@allium/core/event";
import type { StreamEvent, StreamPage, StreamRange, StreamSummary } from "@allium/core/store";
import type { BackendHandle } from "./backend-handle.ts";
import { originalName, originalText, sortedText } from "./stored-text.ts";
import { keyHash } from "./topic-reading.ts";

const defaultLimit = 1_000;
const defaultBytes = 4 * 1024 * 1024;
/** The highest version that a stream can have. */
const highest = 2 ** 31 - 1;

/** An event as the statements below give it. A stream without events on the page has one row without an event. */
interface StreamRow {
	readonly head: number;
	readonly version: number | null;
	readonly lane: number;
	readonly text: string;
}

/** As many events as a page takes. An event that is too large still comes alone. */
function pageSql(direction: "ASC" | "DESC"): string {
	const behind = direction === "ASC" ? ">" : "<";
	return `
SELECT streams.version AS head, page.version, page.lane, page.text
FROM streams LEFT JOIN LATERAL (
	SELECT version, lane, text FROM (
		SELECT version, lane, bytes, text, sum(bytes) OVER (ORDER BY version ${direction}) AS sum FROM (
			SELECT version, lane, bytes, text FROM events
			WHERE events.stream = streams.id AND version ${behind} $2 ORDER BY version ${direction} LIMIT $3
		) AS events
	) AS events WHERE sum <= $4 OR sum = bytes
) AS page ON true
WHERE streams.name = $1 ORDER BY page.version ${direction}`;
}

const forwardsSql = pageSql("ASC");
const backwardsSql = pageSql("DESC");

const madeBySql = `
SELECT 0 AS head, events.version, lane, text FROM streams JOIN events ON events.stream = streams.id
WHERE streams.name = $1 AND cause_hash = $2 ORDER BY events.version`;

const streamsSql = `
SELECT streams.name, topics.name AS topic, version FROM streams JOIN topics ON topics.id = topic
WHERE streams.name >= $1 AND streams.name <= $2 AND streams.name > $3 ORDER BY streams.name LIMIT $4`;

/** No name with a prefix sorts behind the prefix and this: a name has at most 512 bytes, and this has more. */
const behindAll = "\u{10FFFF}".repeat(129);

/** Reads streams. */
export class StreamReading {
	readonly #handle: BackendHandle;

	constructor(handle: BackendHandle) {
		this.#handle = handle;
	}

	async page(stream: string, range: StreamRange, ctx: Context): Promise<StreamPage> {
		const { backwards = false, limit = defaultLimit, bytes = defaultBytes } = range;
		const after = whole(range.after ?? (backwards ? highest : 0));
		const values = [sortedText(stream), after, Math.max(1, whole(limit)), Math.max(0, whole(bytes))];
		if (!stream.isWellFormed()) return nothing;
		const rows = await this.#handle.query<StreamRow>(backwards ? backwardsSql : forwardsSql, values, ctx);
		const events = rows.flatMap(eventOf);
		const version = rows[0]?.head ?? 0;
		const last = events.at(-1)?.version;
		const more = last !== undefined && (backwards ? last > 1 : last < version);
		return { events, version, more };
	}

	async madeBy(stream: string, causationId: string, ctx: Context): Promise<readonly StreamEvent[]> {
		if (!stream.isWellFormed()) return [];
		const values = [sortedText(stream), keyHash(causationId)];
		const rows = await this.#handle.query<StreamRow>(madeBySql, values, ctx);
		return rows.flatMap(eventOf).filter(({ event }) => event.causationId === causationId);
	}

	async streams(
		{
			prefix = "",
			after = "",
			limit,
		}: { readonly prefix?: string; readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<StreamSummary>> {
		if (!prefix.isWellFormed()) return { items: [] };
		const first = sortedText(prefix);
		const most = Math.max(1, whole(limit));
		const values = [first, first + behindAll, sortedText(after.toWellFormed()), most + 1];
		const rows = await this.#handle.query<{
			readonly name: string;
			readonly topic: string;
			readonly version: number;
		}>(streamsSql, values, ctx);
		const items = rows.slice(0, most).map(({ name, topic, version }) => ({
			stream: originalName(name),
			topic: originalText(topic),
			version,
		}));
		const next = items.at(-1)?.stream;
		return rows.length > most && next !== undefined ? { items, next } : { items };
	}
}

const nothing: StreamPage = { events: [], version: 0, more: false };

function eventOf({ version, lane, text }: StreamRow): StreamEvent[] {
	if (version === null) return [];
	const { event } = placedText(text, { lane, cursor: "", bytes: 0 });
	return [{ event, version, lane, cursor: undefined }];
}

/** A number as PostgreSQL takes it. */
function whole(value: number): number {
	return Math.trunc(Math.min(Math.max(value, -highest), highest));
}

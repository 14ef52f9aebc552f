import type { Context } from "@allium/core";
import type { Snapshot } from "@allium/core/store";
import type { BackendHandle } from "./backend-handle.ts";
import { indexedText, originalPlain, plainText, sortedText } from "./stored-text.ts";

const saveSql = `
INSERT INTO snapshots AS kept (stream, reader, version, text) VALUES ($1, $2, $3, $4)
ON CONFLICT (stream, reader) DO UPDATE SET version = excluded.version, text = excluded.text
WHERE kept.version <= excluded.version`;

const dropSql = `
WITH gone AS (DELETE FROM snapshots WHERE $1::text IS NULL OR reader = $1 RETURNING 1)
SELECT count(*)::int AS gone FROM gone`;

/** The states of streams, for each reader the newest. */
export class Snapshots {
	readonly #handle: BackendHandle;

	constructor(handle: BackendHandle) {
		this.#handle = handle;
	}

	async get(stream: string, reader: string, ctx: Context): Promise<Snapshot | undefined> {
		const [row] = await this.#handle.query<{ readonly version: number; readonly text: string }>(
			"SELECT version, text FROM snapshots WHERE stream = $1 AND reader = $2",
			[sortedText(stream.toWellFormed()), indexedText(reader)],
			ctx,
		);
		return row === undefined
			? undefined
			: { stream, reader, version: row.version, text: originalPlain(row.text) };
	}

	async save({ stream, reader, version, text }: Snapshot, ctx: Context): Promise<void> {
		const values = [sortedText(stream.toWellFormed()), indexedText(reader), version, plainText(text)];
		await this.#handle.query(saveSql, values, ctx);
	}

	async drop(reader: string | undefined, ctx: Context): Promise<number> {
		const values = [reader === undefined ? null : indexedText(reader)];
		const [row] = await this.#handle.query<{ readonly gone: number }>(dropSql, values, ctx);
		return row?.gone ?? 0;
	}
}

import type { Context } from "@allium/core";
import type { GroupId, GroupState, GroupStore, GroupSummary } from "@allium/core/event";
import type { BackendHandle } from "./backend-handle.ts";
import { PostgresGroup } from "./postgres-group.ts";
import { originalText, storedText } from "./stored-text.ts";

interface SummaryRow {
	readonly topic: string;
	readonly name: string;
	readonly created_at: Date;
}

const resignSql = (channel: string): string => `
WITH gone AS (
	DELETE FROM members WHERE member = $1 RETURNING "group"
), unrenewed AS (
	DELETE FROM renewals WHERE member = $1
), counted AS (
	UPDATE groups SET revision = revision + 1 WHERE id IN (SELECT "group" FROM gone) RETURNING id
)
SELECT pg_notify('${channel}', 'g' || id)::text FROM counted`;

/** The state of groups in tables of PostgreSQL. */
export class PostgresGroupState implements GroupState {
	readonly location: string;
	readonly #handle: BackendHandle;

	constructor(handle: BackendHandle) {
		this.location = handle.backend.database.place;
		this.#handle = handle;
	}

	group(id: GroupId): GroupStore {
		return new PostgresGroup(id, this.#handle);
	}

	async groups(ctx: Context): Promise<readonly GroupSummary[]> {
		const sql = "SELECT topic, name, created_at FROM groups ORDER BY id";
		const rows = await this.#handle.query<SummaryRow>(sql, [], ctx);
		return rows.map(({ topic, name, created_at }) => ({
			topic: originalText(topic),
			group: originalText(name),
			createdAt: created_at.toISOString(),
		}));
	}

	async renew(member: string, ctx: Context): Promise<void> {
		const sql = "UPDATE renewals SET renewal = renewal + 1, at = clock_timestamp() WHERE member = $1";
		await this.#handle.query(sql, [storedText(member)], ctx);
	}

	async resign(member: string, ctx: Context): Promise<void> {
		await this.#handle.query(resignSql(this.#handle.backend.database.channel), [storedText(member)], ctx);
	}

	close(): Promise<void> {
		return this.#handle.close();
	}
}

import { type Context, ServiceError } from "@allium/core";
import type { Append, Outcome } from "@allium/core/store";
import { type FactRow, factsSql, factValues } from "./append-facts.ts";
import type { BackendHandle } from "./backend-handle.ts";
import { sqlState } from "./failure.ts";
import { GroupCommit } from "./group-commit.ts";
import type { KeptTopics } from "./kept-topics.ts";
import type { AppendWriter } from "./stream-appends.ts";
import {
	type AppendAnswer,
	type AppendRows,
	type AppendState,
	appendSql,
	appendStatesOf,
	appendValues,
} from "./stream-rows.ts";
import type { TopicRow } from "./topic-row.ts";

const batch = { events: 1_000, bytes: 4 * 1024 * 1024 };
/** How many bytes may wait to be added. */
const mostWaitingBytes = 64 * 1024 * 1024;

/** Another transaction has just taken an id, and another one holds what is needed. */
const isTaken = "23505";
const isHeld = "55P03";

/** How a {@link GroupWriter} writes. */
export interface GroupWriterOptions {
	readonly schema: string;
	readonly maxEventBytes: number;
}

/** Writes the appends of one turn as one transaction. Each has its own answer, and undoes none of the others. */
export class GroupWriter implements AppendWriter {
	readonly maxEventBytes: number;
	readonly #handle: BackendHandle;
	readonly #topics: KeptTopics;
	readonly #appendSql: string;
	readonly #factsSql: string;
	readonly #group: GroupCommit<AppendRows, AppendState>;

	constructor(handle: BackendHandle, topics: KeptTopics, { schema, maxEventBytes }: GroupWriterOptions) {
		this.maxEventBytes = maxEventBytes;
		this.#handle = handle;
		this.#topics = topics;
		this.#appendSql = appendSql(schema);
		this.#factsSql = factsSql(schema);
		this.#group = new GroupCommit({
			batch,
			mostWaitingBytes,
			full,
			write: (appends) => this.#write(appends),
		});
	}

	topics(names: ReadonlySet<string>, ctx: Context): Promise<ReadonlyMap<string, TopicRow>> {
		return this.#topics.keep(names, ctx);
	}

	write(append: AppendRows, ctx: Context): Promise<AppendState> {
		this.#handle.check(ctx);
		const rows = append.parts.flatMap((part) => part.rows);
		const bytes = rows.reduce((sum, row) => sum + row.bytes, append.outcome?.text.length ?? 0);
		return this.#group.add(append, { events: Math.max(1, rows.length), bytes }, ctx);
	}

	facts(
		parts: readonly Append[],
		topics: ReadonlyMap<string, TopicRow>,
		outcome: Outcome | undefined,
		ctx: Context,
	): Promise<readonly FactRow[]> {
		return this.#handle.query<FactRow>(this.#factsSql, factValues(parts, topics, outcome), ctx);
	}

	async #write(appends: readonly AppendRows[]): Promise<readonly AppendState[]> {
		const { database, sequencer } = this.#handle.backend;
		try {
			const answers = await database.query<AppendAnswer>(this.#appendSql, appendValues(appends, false));
			return answers.flatMap((answer) => appendStatesOf(appends, answer));
		} catch (error) {
			const state = sqlState(error);
			if (state !== isTaken && state !== isHeld) throw error;
			if (appends.length === 1) return [state === isTaken ? "refused" : "busy"];
			// One of them is in the way of the others. It is found by halves, one after the other, which keeps their order.
			const half = appends.length >> 1;
			const first = await this.#write(appends.slice(0, half));
			return [...first, ...(await this.#write(appends.slice(half)))];
		} finally {
			// If it fails, the next reader that looks for news tries it again.
			sequencer.run().catch(() => {});
		}
	}
}

function full(): ServiceError {
	return new ServiceError({
		code: "resource_exhausted",
		reason: "queue_full",
		message: `${mostWaitingBytes / 1024 / 1024} MiB of events wait for PostgreSQL; append more slowly, or from more processes`,
	});
}

import type { Context } from "@allium/core";
import {
	defaultMaxEventBytes,
	type Log,
	type LogFeatures,
	type ServerReport,
	type TopicLog,
	type TopicOptions,
} from "@allium/core/event";
import { AppendQueue } from "./append-queue.ts";
import type { BackendHandle } from "./backend-handle.ts";
import { PostgresTopic, type TopicParts } from "./postgres-topic.ts";
import { Retention } from "./retention.ts";
import { serverReport } from "./server-report.ts";
import { originalText } from "./stored-text.ts";
import { findTopic, openTopic, type TopicRow } from "./topic-row.ts";

/** A log in tables of PostgreSQL. */
export class PostgresLog implements Log {
	readonly location: string;
	readonly #parts: TopicParts;
	readonly #retention: Retention;

	constructor(handle: BackendHandle) {
		const { database, sequencer } = handle.backend;
		this.location = database.place;
		const features: LogFeatures = {
			order: "log",
			dedupeMs: Number.POSITIVE_INFINITY,
			atomic: true,
			syncs: database.syncs,
			maxEventBytes: defaultMaxEventBytes,
		};
		this.#parts = { handle, queue: new AppendQueue(database, sequencer), features };
		this.#retention = new Retention(database);
	}

	async open(name: string, options: TopicOptions, ctx: Context): Promise<TopicLog> {
		return this.#topic(name, await openTopic(this.#parts.handle, name, options, ctx));
	}

	async find(name: string, ctx: Context): Promise<TopicLog | undefined> {
		const row = await findTopic(this.#parts.handle, name, ctx);
		return row === undefined ? undefined : this.#topic(name, row);
	}

	async topics(ctx: Context): Promise<readonly string[]> {
		const rows = await this.#parts.handle.query<{ name: string }>("SELECT name FROM topics", [], ctx);
		return rows.map(({ name }) => originalText(name)).sort();
	}

	server(ctx: Context): Promise<ServerReport> {
		return serverReport(this.#parts.handle, ctx);
	}

	async close(): Promise<void> {
		this.#retention.close();
		await this.#parts.handle.close();
	}

	/** Removes at once the events that topics no longer keep, instead of from time to time. */
	retain(): Promise<void> {
		return this.#retention.run();
	}

	#topic(name: string, row: TopicRow): TopicLog {
		this.#retention.keep(row.id);
		return new PostgresTopic(name, row, this.#parts);
	}
}

import type { Context } from "@allium/core";
import type { EventRecord, Receipt } from "@allium/core/event";
import {
	type Append,
	type Appended,
	type Sql,
	type SqlRow,
	type SqlValue,
	type StoreTransaction,
	transactionEnded,
} from "@allium/core/store";
import { type FactRow, factsSql, factValues } from "./append-facts.ts";
import { arrayLiteral, lines, linesSql } from "./array-literal.ts";
import type { BackendHandle } from "./backend-handle.ts";
import { eventRow } from "./event-row.ts";
import { sqlState } from "./failure.ts";
import type { KeptTopics } from "./kept-topics.ts";
import { pendingRowsSql } from "./pending-rows.ts";
import { runServiceSql } from "./service-sql.ts";
import type { Connection } from "./session.ts";
import { type AppendWriter, appendParts } from "./stream-appends.ts";
import { type AppendAnswer, appendSql, appendStatesOf, appendValues } from "./stream-rows.ts";

/** How often a work is run. */
const mostTries = 5;

function publishSql(schema: string): string {
	return `
WITH added AS (
	INSERT INTO ${schema}.events (topic, lane, bytes, key_hash, id, key, text)
	SELECT $1, lane, bytes, key_hash, id, key, text
	FROM unnest($2::int[], $3::int[], $4::int[], $5::text[], $6::text[], ${linesSql("$7")})
		WITH ORDINALITY AS given (lane, bytes, key_hash, id, key, text, place)
	ORDER BY place
	ON CONFLICT (topic, id) DO NOTHING
	RETURNING seq, id
), waiting AS (
	INSERT INTO ${schema}.pending ${pendingRowsSql}
)
SELECT id FROM added`;
}

/** The facts about a store that its transactions need. */
export interface TransactionOptions {
	readonly schema: string;
	readonly maxEventBytes: number;
}

/** Runs the work of `EventStore.transaction`. */
export async function runTransaction<T>(
	handle: BackendHandle,
	topics: KeptTopics,
	options: TransactionOptions,
	work: (tx: StoreTransaction) => Promise<T>,
	ctx: Context,
): Promise<T> {
	const { database, sequencer } = handle.backend;
	for (let tried = 1; ; tried++) {
		let tx: PostgresTransaction | undefined;
		try {
			return await database.transaction(async (connection) => {
				tx = new PostgresTransaction(connection, topics, options, ctx);
				return tx.run(work);
			}, ctx);
		} catch (error) {
			if (!tx?.isRaced || tried === mostTries) throw error;
		} finally {
			// If it fails, the next reader that looks for news tries it again.
			sequencer.run().catch(() => {});
		}
	}
}

class PostgresTransaction implements StoreTransaction {
	/** Whether another transaction added one of its events at the same time. The next try finds them. */
	isRaced = false;
	/** The reason why an append was refused. In that case nothing is committed, regardless of the outcome of the work. */
	#refused: unknown;
	readonly #connection: Connection;
	readonly #topics: KeptTopics;
	readonly #schema: string;
	readonly #ctx: Context;
	readonly #writer: AppendWriter;
	#hasEnded = false;

	constructor(
		connection: Connection,
		topics: KeptTopics,
		{ schema, maxEventBytes }: TransactionOptions,
		ctx: Context,
	) {
		this.#connection = connection;
		this.#topics = topics;
		this.#schema = schema;
		this.#ctx = ctx;
		this.#writer = {
			maxEventBytes,
			topics: (names) => topics.keep(names, ctx),
			write: async (append) => {
				const values = appendValues([append], true);
				const [answer] = await connection.run<AppendAnswer>(appendSql(schema), values).catch((error) => {
					if (sqlState(error) === "23505") this.isRaced = true;
					throw error;
				});
				return (answer && appendStatesOf([append], answer)[0]) ?? "refused";
			},
			facts: (parts, rows) => connection.run<FactRow>(factsSql(schema), factValues(parts, rows, undefined)),
		};
	}

	readonly sql: Sql = async <Row extends SqlRow>(
		text: TemplateStringsArray,
		...values: readonly SqlValue[]
	) => {
		this.#check();
		return runServiceSql<Row>(this.#connection, text, values);
	};

	async append(part: Append): Promise<Appended> {
		return this.#remembered(async () => {
			const [appended] = await appendParts(this.#writer, [part], undefined, this.#ctx);
			if (appended === undefined) throw new Error("an append has an answer");
			return appended;
		});
	}

	async publish(topic: string, events: readonly EventRecord[]): Promise<readonly Receipt[]> {
		return this.#remembered(async () => {
			if (events.length === 0) return [];
			const row = await this.#topics.open(topic, this.#ctx);
			const rows = events.map((event) => eventRow(event, row, this.#writer.maxEventBytes));
			const added = await this.#connection.run<{ readonly id: string }>(publishSql(this.#schema), [
				row.id,
				arrayLiteral(rows.map(({ lane }) => lane)),
				arrayLiteral(rows.map(({ bytes }) => bytes)),
				arrayLiteral(rows.map(({ keyHash }) => keyHash)),
				arrayLiteral(rows.map(({ id }) => id)),
				arrayLiteral(rows.map(({ key }) => key)),
				lines(rows.map(({ text }) => text)),
			]);
			// If an id is given twice, the first one was added.
			const isNew = new Set(added.map(({ id }) => id));
			return events.map(({ id }, index) => {
				const { lane = 0, id: stored = "" } = rows[index] ?? {};
				return { id, lane, cursor: undefined, duplicate: !isNew.delete(stored) };
			});
		});
	}

	/** Runs the work, and refuses later operations. */
	async run<T>(work: (tx: StoreTransaction) => Promise<T>): Promise<T> {
		try {
			const result = await work(this);
			if (this.#refused !== undefined) throw this.#refused;
			return result;
		} finally {
			this.#hasEnded = true;
		}
	}

	#check(): void {
		if (this.#hasEnded) throw transactionEnded();
	}

	async #remembered<T>(step: () => Promise<T>): Promise<T> {
		this.#check();
		try {
			return await step();
		} catch (error) {
			this.#refused ??= error;
			throw error;
		}
	}
}

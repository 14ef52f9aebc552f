import { broker } from "@allium/postgres";
import postgres from "postgres";
import { callInLoops, repeat } from "../closed-loop.ts";
import { BrokerParts } from "./broker-parts.ts";
import type { OpenParts, Part, PartFacts } from "./part.ts";
import { nextRecord, toldContract } from "./told.ts";

const atOnce = 16;

/** The broker of PostgreSQL beside bare statements on a table with an index of ids. */
const openPostgres: OpenParts = async ({ url, backlog }) => {
	const ours = new BrokerParts(() => broker(`${url}?schema=bench`), backlog);
	const apart = new BrokerParts(() => broker(`${url}?schema=bench&connections=2`), backlog);
	const bare = await BareTable.make(url, backlog);
	const floor = "insert 16";
	const appending = await ours.append(64, {
		id: "append 64",
		what: "append to the log, 64 at once in one process",
		floor,
	});
	return {
		parts: [
			bare.inserts({ id: floor, what: "bare INSERT, 16 connections" }),
			await apart.appendApart(atOnce, {
				id: "append apart",
				what: "append to the log, 16 brokers with connections of their own, 1 at once each",
				floor,
			}),
			await ours.append(16, { id: "append 16", what: "append to the log, 16 at once in one process", floor }),
			appending,
			await ours.append(256, {
				id: "append 256",
				what: "append to the log, 256 at once in one process",
				floor,
			}),
			await ours.publish(64, { id: "publish 64", what: "publish, 64 at once", floor }),
			bare.pages({ id: "select", what: "bare SELECT of 256 rows a page, and JSON.parse" }),
			await ours.read({ id: "read", what: "read pages of 256 events, all lanes", floor: "select" }),
			await ours.handle({ id: "handle", what: "handle, 16 lanes, 16 at once", floor: "select" }),
			await ours.idle({ id: "idle", what: "idle, from publishing to the handler" }),
			besideSnapshot(url, appending),
		],
		close: async () => {
			await Promise.all([ours.close(), apart.close()]);
			await bare.close();
		},
	};
};

export default openPostgres;

/** The same during an idle transaction of another program, whose snapshot keeps deleted rows. */
function besideSnapshot(url: string, part: Part): Part {
	return {
		...part,
		id: `${part.id} snapshot`,
		what: `${part.what}, beside a snapshot that idles`,
		floor: part.id,
		measure: async (ms) => {
			const sql = postgres(url, { max: 1, onnotice: () => {} });
			try {
				await sql.unsafe("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM bare");
				return await part.measure(ms);
			} finally {
				await sql.end({ timeout: 0 });
			}
		},
	};
}

/** A table of events without a log. */
class BareTable {
	readonly #contract = toldContract("bare");
	readonly #sql: postgres.Sql;
	/** The rows that are read. */
	readonly #filled: number;

	private constructor(sql: postgres.Sql, filled: number) {
		this.#sql = sql;
		this.#filled = filled;
	}

	static async make(url: string, rows: number): Promise<BareTable> {
		// A connection takes one statement at a time, so that there are 16 transactions at once.
		const pipelining: object = { max_pipeline: 1 };
		const sql = postgres(url, { max: atOnce, onnotice: () => {}, ...pipelining });
		await sql`CREATE TABLE bare (
			seq bigserial PRIMARY KEY, topic int, id text COLLATE "C", text text, UNIQUE (topic, id)
		)`;
		const table = new BareTable(sql, rows);
		for (let done = 0; done < rows; done += 500) await sql`INSERT INTO bare ${sql(table.#rows(500))}`;
		await sql`ANALYZE bare`;
		return table;
	}

	inserts(facts: PartFacts): Part {
		const insert = async (): Promise<void> => {
			await this.#sql`INSERT INTO bare ${this.#sql(this.#rows(1))}`;
		};
		return { ...facts, measure: (ms) => callInLoops(insert, atOnce, ms) };
	}

	pages(facts: PartFacts): Part {
		let after = 0;
		const page = async (): Promise<number> => {
			const rows = await this.#sql`
				SELECT seq, id, text FROM bare WHERE seq > ${after} AND seq <= ${this.#filled} ORDER BY seq LIMIT 256`;
			for (const { text } of rows) JSON.parse(text);
			after = rows.length < 256 ? 0 : Number(rows.at(-1)?.seq);
			return rows.length;
		};
		return { ...facts, measure: (ms) => repeat(page, ms) };
	}

	close(): Promise<void> {
		return this.#sql.end({ timeout: 1 });
	}

	#rows(count: number): { readonly topic: number; readonly id: string; readonly text: string }[] {
		return Array.from({ length: count }, () => {
			const record = nextRecord(this.#contract);
			return { topic: 1, id: record.id, text: JSON.stringify(record) };
		});
	}
}

import { eventText } from "@allium/core/event";
import { eventStore, viewStore } from "@allium/postgres";
import postgres from "postgres";
import { callInLoops, repeat } from "../closed-loop.ts";
import type { OpenParts, Part, PartFacts } from "../events/part.ts";
import { nextRecord, toldContract } from "../events/told.ts";
import { CommandParts } from "./command-parts.ts";
import { StoreParts, streamLength } from "./store-parts.ts";
import { ViewParts } from "./view-parts.ts";
import { WorkflowParts } from "./workflow-parts.ts";

const atOnce = 16;

/** The event store of PostgreSQL beside bare statements on a table of streams. */
const openPostgresStore: OpenParts = async ({ url, backlog }) => {
	const store = await eventStore(`${url}?schema=bench_store`);
	const [ours, decided] = [new StoreParts(store), new CommandParts(store)];
	const runs = await WorkflowParts.start(store);
	const bare = await BareStreams.make(url);
	const page = await ours.page(backlog, { id: "page", what: "page of 256 events of the log" });
	const views = new ViewParts(await viewStore(`${url}?schema=bench_store`), await ours.pages());
	return {
		parts: [
			bare.inserts({ id: "insert 16", what: "bare INSERT into streams, 16 connections" }),
			ours.append(16, { id: "append 16", what: "append to streams, 16 at once", floor: "insert 16" }),
			ours.append(64, { id: "append 64", what: "append to streams, 64 at once", floor: "insert 16" }),
			bare.loads({ id: "select", what: `bare SELECT of a stream of ${streamLength} events, and JSON.parse` }),
			await ours.load({ id: "load", what: `load of a stream of ${streamLength} events`, floor: "select" }),
			decided.loadAndAppend(16, {
				id: "load and append",
				what: "load of a stream and append to it, 16 at once",
			}),
			decided.commands(16, {
				id: "commands",
				what: "commands of a decider, 16 at once",
				floor: "load and append",
			}),
			runs.steps(16, { id: "steps", what: "steps of workflows, 16 runs at once", floor: "append 16" }),
			page,
			views.documents({ id: "documents", what: "documents that are built from that log", floor: "page" }),
			views.tables({ id: "tables", what: "tables that are built from that log", floor: "page" }),
		],
		close: async () => {
			await runs.close();
			await views.close();
			await bare.close();
			await ours.close();
		},
	};
};

export default openPostgresStore;

/** Streams in a table, without a store and without a log. */
class BareStreams {
	readonly #contract = toldContract("bare");
	readonly #sql: postgres.Sql;
	/** The version of each stream, as its writer knows it. */
	readonly #versions = new Map<string, number>();

	private constructor(sql: postgres.Sql) {
		this.#sql = sql;
	}

	static async make(url: string): Promise<BareStreams> {
		// A connection takes one statement at a time, so that there are 16 transactions at once.
		const pipelining: object = { max_pipeline: 1 };
		const sql = postgres(url, { max: atOnce, onnotice: () => {}, ...pipelining });
		await sql`CREATE TABLE bare_streams (
			seq bigserial PRIMARY KEY, stream text COLLATE "C", version int, id text COLLATE "C", text text,
			UNIQUE (stream, version), UNIQUE (id)
		)`;
		const bare = new BareStreams(sql);
		for (let done = 0; done < streamLength; done += 500) {
			await sql`INSERT INTO bare_streams ${sql(Array.from({ length: 500 }, () => bare.#row("loaded")))}`;
		}
		await sql`ANALYZE bare_streams`;
		return bare;
	}

	/** Inserts single events into the streams of their keys. */
	inserts(facts: PartFacts): Part {
		const insert = async (): Promise<void> => {
			await this.#sql`INSERT INTO bare_streams ${this.#sql([this.#row()])}`;
		};
		return { ...facts, measure: (ms) => callInLoops(insert, atOnce, ms) };
	}

	/** Reads the stream that was filled in, again and again. */
	loads(facts: PartFacts): Part {
		const load = async (): Promise<number> => {
			const rows = await this.#sql`SELECT text FROM bare_streams WHERE stream = 'loaded' ORDER BY version`;
			for (const { text } of rows) JSON.parse(text);
			return rows.length;
		};
		return { ...facts, measure: (ms) => repeat(load, ms) };
	}

	close(): Promise<void> {
		return this.#sql.end({ timeout: 1 });
	}

	#row(name?: string) {
		const event = nextRecord(this.#contract);
		const stream = name ?? `bare/${event.key}`;
		const version = (this.#versions.get(stream) ?? 0) + 1;
		this.#versions.set(stream, version);
		return { stream, version, id: event.id, text: eventText(event, Number.POSITIVE_INFINITY) };
	}
}

import type { Context } from "@allium/core";
import type { Slice } from "@allium/core/event";
import {
	type DocumentQuery,
	noSuchView,
	type ParkedKey,
	type Sql,
	type SqlRow,
	type StoredDocument,
	type ViewBuild,
	type ViewBuildId,
	type ViewChange,
	type ViewLease,
	type ViewTransaction,
	viewLeaseLost,
} from "@allium/core/store";
import { sqlFailure } from "./failure.ts";
import type { ViewFile } from "./view-file.ts";
import type { ViewTables } from "./view-tables.ts";

/** A build of a view in a file of its own. */
export class SqliteViewBuild implements ViewBuild {
	readonly #id: ViewBuildId;
	readonly #file: () => ViewFile;
	/** The number that makes a build of this version live. */
	readonly #nextLive: (ctx: Context) => Promise<number>;

	constructor(id: ViewBuildId, file: () => ViewFile, nextLive: (ctx: Context) => Promise<number>) {
		this.#id = id;
		this.#file = file;
		this.#nextLive = nextLive;
	}

	claim(member: string, seenEpoch: number, ctx: Context): Promise<ViewLease | undefined> {
		return this.#tell((tables) => {
			if (!tables.claim(member, seenEpoch)) return undefined;
			return { member, epoch: seenEpoch + 1, places: tables.places() };
		}, ctx);
	}

	async renew({ epoch }: ViewLease, trouble: string | undefined, ctx: Context): Promise<void> {
		const isHeld = await this.#file().writeExisting((tables) => tables.renew(epoch, trouble), ctx);
		if (isHeld !== true) throw viewLeaseLost(this.#id);
	}

	async release({ epoch }: ViewLease, ctx: Context): Promise<void> {
		await this.#tell((tables) => tables.release(epoch), ctx);
	}

	async apply(
		{ epoch }: ViewLease,
		work: (tx: ViewTransaction) => Promise<ViewChange>,
		ctx: Context,
	): Promise<void> {
		const file = this.#file();
		const isSaved = await file.transaction(async (tables) => {
			if (!tables.renew(epoch, undefined)) throw viewLeaseLost(this.#id);
			const tx = new Transaction(tables);
			try {
				tables.save(await work(tx));
			} finally {
				tx.isOver = true;
			}
			return true;
		}, ctx);
		if (isSaved === undefined) throw viewLeaseLost(this.#id);
		file.bell.ring();
	}

	async finish({ epoch }: ViewLease, ctx: Context): Promise<void> {
		const since = await this.#nextLive(ctx);
		const isHeld = await this.#tell((tables) => {
			if (!tables.renew(epoch, undefined)) return false;
			tables.setLive(since);
			return true;
		}, ctx);
		if (isHeld !== true) throw viewLeaseLost(this.#id);
	}

	get(keys: readonly string[], ctx: Context): Promise<ReadonlyMap<string, string>> {
		return this.#read((tables) => tables.get(keys), ctx);
	}

	find(query: DocumentQuery, ctx: Context): Promise<Slice<StoredDocument>> {
		return this.#read((tables) => tables.find(query), ctx);
	}

	query(ctx: Context): Sql {
		return <Row extends SqlRow>(text: TemplateStringsArray, ...values: Parameters<Sql>[1][]) =>
			this.#read((tables) => {
				try {
					return tables.sql.run(text, values) as Row[];
				} catch (error) {
					throw sqlFailure(error);
				}
			}, ctx);
	}

	parked(
		{ after, limit }: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<ParkedKey>> {
		return this.#read((tables) => tables.parked(after, limit), ctx);
	}

	parkedOf(keys: readonly string[], ctx: Context): Promise<readonly ParkedKey[]> {
		return this.#read((tables) => tables.parkedKeys(keys), ctx);
	}

	async retry(keys: readonly string[] | "all", ctx: Context): Promise<number> {
		const count = await this.#tell((tables) => tables.retry(keys), ctx);
		if (count === undefined) throw noSuchView(this.#id);
		return count;
	}

	/** Changes something that others wait for. */
	async #tell<T>(run: (tables: ViewTables) => T, ctx: Context): Promise<T | undefined> {
		const file = this.#file();
		const result = await file.writeExisting(run, ctx);
		file.bell.ring();
		return result;
	}

	async #read<T>(run: (tables: ViewTables) => T, ctx: Context): Promise<T> {
		let isThere = false;
		const result = await this.#file().read((tables) => {
			isThere = tables.isDefined();
			return isThere ? run(tables) : undefined;
		}, ctx);
		if (!isThere || result === undefined) throw noSuchView(this.#id);
		return result;
	}
}

/** The transaction that the handlers of a view are given. It cannot be used after its end. */
class Transaction implements ViewTransaction {
	readonly #tables: ViewTables;
	isOver = false;

	constructor(tables: ViewTables) {
		this.#tables = tables;
	}

	readonly sql: Sql = async <Row extends SqlRow>(
		text: TemplateStringsArray,
		...values: Parameters<Sql>[1][]
	): Promise<Row[]> => {
		if (this.isOver)
			throw new TypeError("the transaction of the event is over: await all that its handler does with it");
		return this.#tables.sql.run(text, values) as Row[];
	};

	/** SQLite has run a statement when `sql` returns. */
	readonly settled = async (): Promise<void> => {};
}

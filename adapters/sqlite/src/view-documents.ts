import type { DatabaseSync } from "node:sqlite";
import type { Slice } from "@allium/core/event";
import type { DocumentQuery, StoredDocument } from "@allium/core/store";
import { Query, type Row } from "./query.ts";

/** The documents of a build, and the fields by which they are found. */
export class ViewDocuments {
	readonly #database: DatabaseSync;
	readonly #get: Query;
	readonly #put: Query;
	readonly #remove: Query;
	readonly #index: Query;
	readonly #unindex: Query;
	readonly #anyField: Query;
	/** By how many fields they ask for. */
	readonly #finds: Query[] = [];

	constructor(database: DatabaseSync) {
		this.#database = database;
		this.#get = new Query(database, "SELECT text FROM allium_documents WHERE key = ?");
		this.#put = new Query(
			database,
			`INSERT INTO allium_documents (key, text, fields) VALUES (?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET text = excluded.text, fields = excluded.fields`,
		);
		this.#remove = new Query(database, "DELETE FROM allium_documents WHERE key = ?");
		this.#index = new Query(database, "INSERT INTO allium_fields (name, value, key) VALUES (?, ?, ?)");
		this.#unindex = new Query(database, "DELETE FROM allium_fields WHERE key = ?");
		this.#anyField = new Query(database, "SELECT 1 FROM allium_fields LIMIT 1");
	}

	save(documents: ReadonlyMap<string, StoredDocument | null>): void {
		// Each key comes once, so that documents without fields need no look into the index, one for each of them.
		const isIndexed = this.#anyField.get() !== undefined;
		for (const [key, document] of documents) {
			if (isIndexed) this.#unindex.run(key);
			if (document === null) this.#remove.run(key);
			else {
				this.#put.run(key, document.text, JSON.stringify(document.fields));
				for (const [name, value] of Object.entries(document.fields)) this.#index.run(name, value, key);
			}
		}
	}

	get(keys: readonly string[]): ReadonlyMap<string, string> {
		const found = new Map<string, string>();
		for (const key of keys) {
			const [text] = this.#get.get(key) ?? [];
			if (text !== undefined) found.set(key, String(text));
		}
		return found;
	}

	find({ fields, after, limit }: DocumentQuery): Slice<StoredDocument> {
		const wanted = Object.entries(fields);
		const rows = this.#find(wanted.length).all(...wanted.flat(), after ?? "", limit + 1);
		const items = rows.map(documentOf);
		const last = items.length > limit ? items[limit - 1] : undefined;
		return { items: items.slice(0, limit), ...(last !== undefined && { next: last.key }) };
	}

	#find(count: number): Query {
		const found = this.#finds[count] ?? new Query(this.#database, findSql(count));
		this.#finds[count] = found;
		return found;
	}
}

/** The first field gives the order, which is that of the keys. */
function findSql(count: number): string {
	const fields = Array.from({ length: count }, (_, index) => `f${index}`);
	const joined = fields.map((field, index) =>
		index === 0 ? `allium_fields ${field}` : `JOIN allium_fields ${field} ON ${field}.key = f0.key`,
	);
	const wanted = fields.map((field) => `${field}.name = ? AND ${field}.value = ? AND`);
	const key = count === 0 ? "d.key" : "f0.key";
	const from =
		count === 0 ? "allium_documents d" : `${joined.join(" ")} JOIN allium_documents d ON d.key = f0.key`;
	return `SELECT d.key, d.text, d.fields FROM ${from} WHERE ${wanted.join(" ")} ${key} > ? ORDER BY ${key} LIMIT ?`;
}

function documentOf([key, text, fields]: Row): StoredDocument {
	return { key: String(key), text: String(text), fields: JSON.parse(String(fields)) };
}

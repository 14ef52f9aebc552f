import type { Slice } from "@allium/core/event";
import type { DocumentQuery, StoredDocument } from "@allium/core/store";
import { arrayLiteral } from "./array-literal.ts";
import type { Value } from "./connection-pool.ts";
import type { Connection } from "./session.ts";
import { originalName, originalPlain, plainText, sortedText, storedText } from "./stored-text.ts";

/** Runs a statement. */
export type Run = <Row extends object>(text: string, values: readonly Value[]) => Promise<readonly Row[]>;

interface DocumentRow {
	readonly key: string;
	readonly text: string;
	readonly fields: string;
}

/**
 * The tables of documents. A document is kept as text, because `jsonb` would change the order of its properties and
 * refuses NUL and halves of surrogate pairs.
 */
export function documentTables(schema: string): string {
	return `
CREATE TABLE ${schema}.documents (key text COLLATE "C" PRIMARY KEY, text text NOT NULL, fields text NOT NULL);
CREATE TABLE ${schema}.fields (
	name text COLLATE "C" NOT NULL,
	value text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	PRIMARY KEY (name, value, key)
);
CREATE INDEX fields_by_key ON ${schema}.fields (key);
`;
}

/** The documents of a build, and the fields by which they are found. */
export class ViewDocuments {
	readonly #schema: string;

	/** @param schema of the build. */
	constructor(schema: string) {
		this.#schema = schema;
	}

	async save(connection: Connection, documents: ReadonlyMap<string, StoredDocument | null>): Promise<void> {
		if (documents.size === 0) return;
		const kept = [...documents.values()].filter((document) => document !== null);
		const gone = [...documents].flatMap(([key, document]) => (document === null ? [sortedText(key)] : []));
		await Promise.all([
			this.#saveFields(connection, [...documents.keys()], kept),
			kept.length > 0 &&
				connection.run(
					`INSERT INTO ${this.#schema}.documents
					SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
					ON CONFLICT (key) DO UPDATE SET text = excluded.text, fields = excluded.fields`,
					[
						arrayLiteral(kept.map(({ key }) => sortedText(key))),
						arrayLiteral(kept.map(({ text }) => plainText(text))),
						arrayLiteral(kept.map(({ fields }) => JSON.stringify(fields))),
					],
				),
			gone.length > 0 &&
				connection.run(`DELETE FROM ${this.#schema}.documents WHERE key = ANY($1::text[])`, [
					arrayLiteral(gone),
				]),
		]);
	}

	async get(run: Run, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
		const rows = await run<DocumentRow>(
			`SELECT key, text FROM ${this.#schema}.documents WHERE key = ANY($1::text[])`,
			[arrayLiteral(keys.map((key) => sortedText(key.toWellFormed())))],
		);
		return new Map(rows.map(({ key, text }) => [originalName(key), originalPlain(text)]));
	}

	async find(run: Run, { fields, after, limit }: DocumentQuery): Promise<Slice<StoredDocument>> {
		const wanted = Object.entries(fields).flat().map(storedText);
		const rows = await run<DocumentRow>(findSql(this.#schema, wanted.length / 2), [
			sortedText((after ?? "").toWellFormed()),
			limit + 1,
			...wanted,
		]);
		const items = rows.map(documentOf);
		const last = items.length > limit ? items[limit - 1] : undefined;
		return { items: items.slice(0, limit), ...(last !== undefined && { next: last.key }) };
	}

	/** Rows of fields that stay as they are are not touched. */
	async #saveFields(
		connection: Connection,
		keys: readonly string[],
		kept: readonly StoredDocument[],
	): Promise<void> {
		const fields = kept.flatMap(({ key, fields }) =>
			Object.entries(fields).map(([name, value]) => [storedText(name), storedText(value), sortedText(key)]),
		);
		const values = [0, 1, 2].map((column) => arrayLiteral(fields.map((row) => row[column])));
		await Promise.all([
			connection.run(
				`DELETE FROM ${this.#schema}.fields AS old WHERE key = ANY($4::text[]) AND NOT EXISTS (
					SELECT FROM unnest($1::text[], $2::text[], $3::text[]) AS now (name, value, key)
					WHERE (now.name, now.value, now.key) = (old.name, old.value, old.key)
				)`,
				[...values, arrayLiteral(keys.map(sortedText))],
			),
			fields.length > 0 &&
				connection.run(
					`INSERT INTO ${this.#schema}.fields
					SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING`,
					values,
				),
		]);
	}
}

/** The first field gives the order, which is that of the keys. */
function findSql(schema: string, count: number): string {
	const fields = Array.from({ length: count }, (_, index) => index);
	const joined = fields.map(
		(index) =>
			`JOIN ${schema}.fields f${index} ON f${index}.key = d.key
			AND f${index}.name = $${3 + 2 * index} AND f${index}.value = $${4 + 2 * index}`,
	);
	const key = count === 0 ? "d.key" : "f0.key";
	return `
SELECT d.key, d.text, d.fields FROM ${schema}.documents d ${joined.join(" ")}
WHERE ${key} > $1 ORDER BY ${key} LIMIT $2`;
}

function documentOf({ key, text, fields }: DocumentRow): StoredDocument {
	return { key: originalName(key), text: originalPlain(text), fields: JSON.parse(fields) };
}

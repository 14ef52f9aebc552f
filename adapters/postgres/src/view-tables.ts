import type { Context } from "@allium/core";
import type { BackendHandle } from "./backend-handle.ts";
import { lockSql } from "./tables.ts";
import { viewsSchema } from "./view-schema.ts";

/** The tables of builds and of the keys that are parked in them. Each claim and each new build gets a new number. */
function tablesSql(views: string): string {
	return `
CREATE SCHEMA IF NOT EXISTS ${views};
CREATE SEQUENCE IF NOT EXISTS ${views}.numbers CACHE 1;
CREATE TABLE IF NOT EXISTS ${views}.builds (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text COLLATE "C" NOT NULL,
	version int NOT NULL,
	build int NOT NULL,
	tables text,
	shape text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	epoch bigint NOT NULL DEFAULT nextval('${views}.numbers'),
	holder text,
	renewal bigint NOT NULL DEFAULT 0,
	live_since bigint NOT NULL DEFAULT 0,
	trouble text,
	places text NOT NULL DEFAULT '[]',
	UNIQUE (name, version, build)
) WITH (fillfactor = 50);
ALTER TABLE ${views}.builds ADD COLUMN IF NOT EXISTS owner text, ADD COLUMN IF NOT EXISTS topics text;
CREATE TABLE IF NOT EXISTS ${views}.parked (
	build bigint NOT NULL REFERENCES ${views}.builds ON DELETE CASCADE,
	key text COLLATE "C" NOT NULL,
	text text NOT NULL,
	due boolean NOT NULL,
	PRIMARY KEY (build, key)
);
COMMENT ON SCHEMA ${views} IS 'The views of Allium: their builds, who works on them, and how far they are.';
`;
}

/** Makes the tables of builds where they are missing. */
export async function prepareViews(handle: BackendHandle, ctx: Context): Promise<void> {
	const { database } = handle.backend;
	const views = viewsSchema(database.schema);
	const [found] = await handle.query<{ readonly isThere: boolean }>(
		`SELECT to_regclass($1 || '.parked') IS NOT NULL AND EXISTS (
			SELECT FROM pg_attribute WHERE attrelid = to_regclass($1 || '.builds') AND attname = 'topics'
		) AS "isThere"`,
		[views],
		ctx,
	);
	if (found?.isThere === true) return;
	await database.transaction(async (connection) => {
		await connection.runAll(lockSql(database.schema));
		await connection.runAll(tablesSql(views));
	}, ctx);
}

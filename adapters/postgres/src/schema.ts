import { refusal, unavailable } from "@allium/core/adapter";
import type { LogFeatures } from "@allium/core/event";
import type { ConnectionPool } from "./connection-pool.ts";
import { type PostgresAddress, placeOf } from "./postgres-url.ts";
import { tablesSql, tablesVersion } from "./tables.ts";

/** The oldest PostgreSQL that the tables and statements are made for, as the server counts. */
const oldestServer = 120_000;

/** What a server tells of itself and of the schema. */
interface ServerFacts {
	readonly version: number;
	readonly encoding: string;
	readonly synchronous: string;
	readonly fsync: string;
	readonly standbys: string;
	/** Whether it is a replica, which takes no writes. */
	readonly recovers: boolean;
	/** Whether the schema is there; whether it has the table that names its version; how much else is in it. */
	readonly exists: boolean;
	readonly ours: boolean;
	readonly relations: number;
}

const factsSql = `
SELECT current_setting('server_version_num')::int AS version,
	current_setting('server_encoding') AS encoding,
	current_setting('synchronous_commit') AS synchronous,
	current_setting('fsync') AS fsync,
	current_setting('synchronous_standby_names') AS standbys,
	pg_is_in_recovery() AS recovers,
	to_regnamespace($1) IS NOT NULL AS exists,
	to_regclass($1 || '.allium') IS NOT NULL AS ours,
	(SELECT count(*)::int FROM pg_class WHERE relnamespace = to_regnamespace($1)) AS relations`;

/** Makes the tables where they are missing. Tells what survives once it is committed. */
export async function prepareSchema(
	pool: ConnectionPool,
	address: PostgresAddress,
): Promise<LogFeatures["syncs"]> {
	const facts = await factsOf(pool, address);
	checkServer(facts, address);
	if (!facts.ours) await makeTables(pool, address, facts);
	const [row] = await pool.run<{ version: number }>("SELECT version FROM allium", []);
	if (row === undefined || row.version < tablesVersion) throw foreign(address);
	if (row.version > tablesVersion) {
		throw refusal(
			`the schema "${address.schema}" of ${placeOf(address)} was made by a newer version of @allium/postgres; install that here too`,
		);
	}
	return syncsOf(facts);
}

async function factsOf(pool: ConnectionPool, { schema }: PostgresAddress): Promise<ServerFacts> {
	const [facts] = await pool.run<ServerFacts>(factsSql, [schema]);
	if (facts === undefined) throw new Error("it tells nothing of itself");
	return facts;
}

function checkServer({ version, encoding, recovers }: ServerFacts, address: PostgresAddress): void {
	if (recovers) {
		throw unavailable(
			`PostgreSQL at ${placeOf(address)} is a replica, which takes no writes; name the primary, or several hosts, of which the primary is found`,
		);
	}
	if (version < oldestServer) {
		throw refusal(
			`PostgreSQL at ${placeOf(address)} is of version ${Math.floor(version / 10_000)}; Allium needs 12 or newer`,
		);
	}
	if (encoding !== "UTF8") {
		throw refusal(
			`the database at ${placeOf(address)} has the encoding ${encoding}, which cannot hold every event; make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0`,
		);
	}
}

async function makeTables(
	pool: ConnectionPool,
	address: PostgresAddress,
	{ relations, exists }: ServerFacts,
): Promise<void> {
	if (relations > 0) {
		// Another process may have made them meanwhile.
		if ((await factsOf(pool, address)).ours) return;
		throw foreign(address);
	}
	await pool.runAll(tablesSql(address.schema, exists));
}

function foreign(address: PostgresAddress): Error {
	return refusal(
		`the schema "${address.schema}" of ${placeOf(address)} holds tables of another program; name another schema, as in ?schema=events`,
	);
}

function syncsOf({ synchronous, fsync, standbys }: ServerFacts): LogFeatures["syncs"] {
	if (synchronous === "off" || fsync === "off") return "later";
	return standbys !== "" && synchronous !== "local" ? "replicas" : "disk";
}

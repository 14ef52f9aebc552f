import { backendError, refusal, unavailable } from "@allium/core/adapter";
import type { LogFeatures } from "@allium/core/event";
import type { ConnectionPool } from "./connection-pool.ts";
import { sqlState } from "./failure.ts";
import { type PostgresAddress, placeOf } from "./postgres-url.ts";
import { Session } from "./session.ts";
import { lockSql, tablesSql, tablesVersion } from "./tables.ts";

/** The oldest PostgreSQL that the tables and statements are made for, as the server counts. */
const oldestServer = 120_000;

/** How long tables of an older version may take until they are up to date, in milliseconds. */
const upgradeMs = 10 * 60_000;

/** The facts about a server and the schema. */
interface ServerFacts {
	readonly version: number;
	readonly encoding: string;
	readonly synchronous: string;
	readonly fsync: string;
	readonly standbys: string;
	/** Whether it is a replica, which takes no writes. */
	readonly recovers: boolean;
	/** True if the name of the schema is a keyword of SQL, such as `user`. */
	readonly isWord: boolean;
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
	quote_ident($1) <> $1 AS "isWord",
	to_regnamespace($1) IS NOT NULL AS exists,
	to_regclass($1 || '.allium') IS NOT NULL AS ours,
	(SELECT count(*)::int FROM pg_class WHERE relnamespace = to_regnamespace($1)) AS relations`;

/**
 * Creates missing tables, and upgrades the tables of an older version. Returns the failure that committed changes are
 * safe from.
 *
 * @param bounded fails an answer that takes too long.
 */
export async function prepareSchema(
	pool: ConnectionPool,
	address: PostgresAddress,
	bounded: <T>(answer: Promise<T>, milliseconds?: number) => Promise<T>,
): Promise<LogFeatures["syncs"]> {
	const facts = await bounded(factsOf(pool, address));
	checkServer(facts, address);
	const version = facts.ours ? await bounded(versionOf(pool, address)) : undefined;
	if (version === undefined) await checkEmpty(pool, address, facts, bounded);
	// A table of many events may be long in upgrading, and others wait for it.
	if (version === undefined || version < tablesVersion) {
		await bounded(upgrade(pool.host, address, facts), upgradeMs);
	}
	return syncsOf(facts);
}

/** The version of the tables, which is not newer than this one. */
async function versionOf(runner: Pick<ConnectionPool, "run">, address: PostgresAddress): Promise<number> {
	const { schema } = address;
	const [row] = await runner.run<{ version: number }>(`SELECT version FROM ${schema}.allium`, []);
	if (row === undefined) throw foreign(address);
	if (row.version > tablesVersion) {
		throw refusal(
			`the schema "${schema}" of ${placeOf(address)} was made by a newer version of @allium/postgres; install that here too`,
		);
	}
	return row.version;
}

async function factsOf(pool: ConnectionPool, { schema }: PostgresAddress): Promise<ServerFacts> {
	const [facts] = await pool.run<ServerFacts>(factsSql, [schema]);
	if (facts === undefined) throw new Error("it tells nothing of itself");
	return facts;
}

function checkServer({ version, encoding, recovers, isWord }: ServerFacts, address: PostgresAddress): void {
	if (recovers) {
		throw unavailable(
			`PostgreSQL at ${placeOf(address)} is a replica, which takes no writes; name the primary, or several hosts, of which the primary is found`,
		);
	}
	if (isWord) {
		throw refusal(
			`"${address.schema}" is a word of SQL, which cannot be the name of the schema; name another, as in ?schema=${address.schema}_events`,
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

async function checkEmpty(
	pool: ConnectionPool,
	address: PostgresAddress,
	{ relations }: ServerFacts,
	bounded: <T>(answer: Promise<T>) => Promise<T>,
): Promise<void> {
	// Another process may have made them meanwhile.
	if (relations > 0 && !(await bounded(factsOf(pool, address))).ours) throw foreign(address);
}

/** One process does it, and the others find it done. */
async function upgrade(host: number, address: PostgresAddress, facts: ServerFacts): Promise<void> {
	const session = new Session(address, { host, asService: false });
	const making = session.transaction(async (connection) => {
		await connection.runAll("SET LOCAL statement_timeout TO 0");
		await connection.runAll(lockSql(address.schema));
		const [now] = await connection.run<ServerFacts>(factsSql, [address.schema]);
		if (now?.ours && (await versionOf(connection, address)) === tablesVersion) return;
		await connection.runAll(tablesSql(address.schema, facts.exists));
	});
	try {
		await making;
	} catch (error) {
		if (facts.ours && sqlState(error) === "42501") throw notUpgraded(address, error);
		throw error;
	} finally {
		session.end();
	}
}

function notUpgraded(address: PostgresAddress, cause: unknown): Error {
	const message = `the schema "${address.schema}" of ${placeOf(address)} was made by an older version of @allium/postgres, and this user may not change its tables; start one process as the owner of the schema`;
	return backendError({ code: "permission_denied", message, cause });
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

import type { Context } from "@allium/core";
import type { ServerReport, ServerWarning } from "@allium/core/event";
import type { BackendHandle } from "./backend-handle.ts";

/** From which part of its connections on a server has few left. */
const fullPart = 0.9;
/** How much of its write-ahead log an abandoned replication slot may hold back, in bytes. */
const mostHeldBack = 256 * 1024 * 1024;
/** How long a transaction may stay open before the events of its streams count as delayed, in seconds. */
const longestTransaction = 60;

const factsSql = `
SELECT current_setting('server_version') AS version,
	current_setting('synchronous_commit') AS synchronous,
	current_setting('fsync') AS fsync,
	current_setting('full_page_writes') AS pages,
	current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most,
	(SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
	(SELECT count(*)::int FROM pending) AS pending,
	(SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0)::float8 FROM pg_stat_activity
		WHERE state LIKE 'idle in transaction%' AND datname = current_database()) AS idle`;

const slotsSql = `
SELECT slot_name AS name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::float8 AS bytes
FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL ORDER BY slot_name`;

interface ServerFacts {
	readonly version: string;
	readonly synchronous: string;
	readonly fsync: string;
	readonly pages: string;
	readonly most: number;
	readonly connections: number;
	readonly pending: number;
	readonly idle: number;
}

interface Slot {
	readonly name: string;
	readonly bytes: number;
}

/** Looks for settings of the server that may lose events, and for anything that fills its disk or its connections. */
export async function serverReport(
	handle: Pick<BackendHandle, "query">,
	ctx: Context,
): Promise<ServerReport> {
	const [facts] = await handle.query<ServerFacts>(factsSql, [], ctx);
	const slots = await handle.query<Slot>(slotsSql, [], ctx);
	if (facts === undefined) return { version: undefined, warnings: [] };
	const warnings = [...settingWarnings(facts), ...useWarnings(facts), ...slots.flatMap(slotWarnings)];
	return { version: `PostgreSQL ${facts.version.split(" ")[0]}`, warnings };
}

function settingWarnings({ synchronous, fsync, pages }: ServerFacts): ServerWarning[] {
	const warnings: ServerWarning[] = [];
	if (fsync === "off" || pages === "off") {
		warnings.push({
			says: `${fsync === "off" ? "fsync" : "full_page_writes"} is off: a power cut may destroy the whole database`,
			remedy: "set fsync and full_page_writes to on in postgresql.conf, and restart the server",
		});
	}
	if (synchronous === "off") {
		warnings.push({
			says: "synchronous_commit is off: a crash of the server loses the last events that it has acknowledged",
			remedy:
				"set synchronous_commit to on for the user of the URL: ALTER ROLE … SET synchronous_commit TO on",
		});
	}
	return warnings;
}

function useWarnings({ connections, most, pending, idle }: ServerFacts): ServerWarning[] {
	const warnings: ServerWarning[] = [];
	if (connections >= most * fullPart) {
		warnings.push({
			says: `${connections} of the ${most} connections are in use`,
			remedy: "raise max_connections, or lower `connections` in the URLs of the processes",
		});
	}
	if (pending > 0 && idle > longestTransaction) {
		warnings.push({
			says: `a transaction has been open and idle for ${Math.round(idle)} s, and what it appended to is delayed`,
			remedy: "end it: pg_terminate_backend, and idle_in_transaction_session_timeout for the next one",
		});
	}
	return warnings;
}

function slotWarnings({ name, bytes }: Slot): ServerWarning[] {
	if (bytes < mostHeldBack) return [];
	return [
		{
			says: `nobody reads the replication slot ${name}, which keeps ${Math.round(bytes / 1024 / 1024)} MiB on the disk of the server, and more with every event`,
			remedy: `start its reader again, or remove it: SELECT pg_drop_replication_slot('${name}')`,
		},
	];
}

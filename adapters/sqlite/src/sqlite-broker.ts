import { join } from "node:path";
import { silentLogger } from "@allium/core";
import { type Broker, type LogBrokerOptions, logBroker } from "@allium/core/event";
import { checkDuration } from "@allium/core/transport";
import { dataFolder } from "./data-folder.ts";
import { DatabaseFile, defaultBusyLimitMs } from "./database-file.ts";
import { eventSchema } from "./event-tables.ts";
import { groupSchema } from "./group-schema.ts";
import { SqliteGroupState } from "./sqlite-group-state.ts";
import { SqliteLog } from "./sqlite-log.ts";

/** The options of a SQLite broker. All processes of a group are given the same of {@link LogBrokerOptions}. */
export interface SqliteBrokerOptions extends LogBrokerOptions {
	/**
	 * The folder from which relative paths and the search for the default folder begin. Default: the current folder.
	 */
	readonly cwd?: string;
	/** How long an operation is retried while others hold the file, in milliseconds. Default: 5000. */
	readonly busyLimitMs?: number;
}

/**
 * The broker of one machine: the events are in the file `events.db` and the state of groups is in the file
 * `groups.db`, both in the folder that the URL names (see `dataFolder`). All processes that use the same folder share
 * them. What was published has survived a power cut once `publish` resolves.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form. The operations reject with `failed_precondition`
 * when the folder or a file cannot be used or the disk is full, and with `unavailable` when other processes held a
 * file for too long.
 */
export function broker(url: string, options: SqliteBrokerOptions = {}): Broker {
	return logBroker(sqliteLog(url, options), sqliteGroupState(url, options), options);
}

/** The log of {@link broker}. */
export function sqliteLog(url: string, options: SqliteBrokerOptions = {}): SqliteLog {
	const { folder, busyLimitMs } = placeOf(url, options);
	const file = new DatabaseFile(join(folder, "events.db"), eventSchema, busyLimitMs);
	return new SqliteLog(`sqlite://${folder}`, file, busyLimitMs, options.logger ?? silentLogger);
}

/** The state of groups of {@link broker}. */
export function sqliteGroupState(url: string, options: SqliteBrokerOptions = {}): SqliteGroupState {
	const { folder, busyLimitMs } = placeOf(url, options);
	const file = new DatabaseFile(join(folder, "groups.db"), groupSchema, busyLimitMs);
	return new SqliteGroupState(`sqlite://${folder}`, file, busyLimitMs);
}

function placeOf(url: string, options: SqliteBrokerOptions): { folder: string; busyLimitMs: number } {
	const busyLimitMs = checkDuration("busyLimitMs", options.busyLimitMs ?? defaultBusyLimitMs);
	return { folder: dataFolder(url, options.cwd), busyLimitMs };
}

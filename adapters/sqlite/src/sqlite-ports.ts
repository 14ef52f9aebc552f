import { join } from "node:path";
import type { Logger } from "@allium/core";
import { checkDuration } from "@allium/core/transport";
import { dataFolder } from "./data-folder.ts";
import { DatabaseFile, defaultBusyLimitMs } from "./database-file.ts";
import { eventFile } from "./event-file.ts";
import { eventSchema } from "./event-tables.ts";
import { groupSchema } from "./group-schema.ts";
import { SqliteGroupState } from "./sqlite-group-state.ts";
import { SqliteLog } from "./sqlite-log.ts";

/** The place of the files, and how they are shared. */
export interface SqlitePlace {
	/**
	 * The folder from which relative paths and the search for the default folder begin. Default: the current folder.
	 */
	readonly cwd?: string;
	/** How long an operation is retried while others hold the file, in milliseconds. Default: 5000. */
	readonly busyLimitMs?: number;
}

interface SqlitePortOptions extends SqlitePlace {
	/** Is told when old events of topics cannot be removed. Default: none. */
	readonly logger?: Logger;
}

/** The log in a folder. */
export function sqliteLog(url: string, options: SqlitePortOptions = {}): SqliteLog {
	const { folder, busyLimitMs } = placeOf(url, options);
	return new SqliteLog(eventFile(folder, eventSchema.name, busyLimitMs, options.logger));
}

/** The state of groups in a folder. */
export function sqliteGroupState(url: string, options: SqlitePortOptions = {}): SqliteGroupState {
	const { folder, busyLimitMs } = placeOf(url, options);
	const file = new DatabaseFile(join(folder, "groups.db"), groupSchema, busyLimitMs);
	return new SqliteGroupState(`sqlite://${folder}`, file, busyLimitMs);
}

function placeOf(url: string, options: SqlitePlace): { folder: string; busyLimitMs: number } {
	const busyLimitMs = checkDuration("busyLimitMs", options.busyLimitMs ?? defaultBusyLimitMs);
	return { folder: dataFolder(url, options.cwd), busyLimitMs };
}

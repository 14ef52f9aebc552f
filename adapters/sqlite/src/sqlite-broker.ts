import type { Broker } from "@allium/core/event";
import { type LogBrokerOptions, logBroker } from "@allium/core/log-broker";
import { type SqlitePlace, sqliteGroupState, sqliteLog } from "./sqlite-ports.ts";

/** The options of a SQLite broker. All processes of a group are given the same of {@link LogBrokerOptions}. */
export interface SqliteBrokerOptions extends LogBrokerOptions, SqlitePlace {}

/** See `broker()`. */
export function sqliteBroker(url: string, options: SqliteBrokerOptions): Broker {
	return logBroker(sqliteLog(url, options), sqliteGroupState(url, options), options);
}

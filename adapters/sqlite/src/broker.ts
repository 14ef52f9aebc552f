import type { Broker } from "@allium/core/event";
import type { SqliteBrokerOptions } from "./sqlite-broker.ts";

/**
 * The broker of one machine: the events are in the file `events.db` and the state of groups is in the file `groups.db`,
 * both in the folder that the URL names (see `dataFolder`). All processes that use the same folder share them.
 * Published events are safe from a power cut once `publish` resolves. The first call loads the code that keeps events.
 *
 * @throws ServiceError `invalid_argument` for a URL of another form. The operations reject with `failed_precondition`
 * when the folder or a file cannot be used, and with `unavailable` when the disk is full or other
 * processes held a file for too long.
 */
export async function broker(url: string, options: SqliteBrokerOptions = {}): Promise<Broker> {
	const { sqliteBroker } = await import("./sqlite-broker.ts");
	return sqliteBroker(url, options);
}

import type { Broker } from "@allium/core/event";
import { type LogBrokerOptions, logBroker } from "@allium/core/log-broker";
import { postgresPorts } from "./postgres-ports.ts";
import type { PostgresOptions } from "./postgres-url.ts";

/** The options of a broker on PostgreSQL. They take precedence over the URL. */
export interface PostgresBrokerOptions extends PostgresOptions, LogBrokerOptions {
	/** The process that opens it. Ports with the same scope and the same database share their connections. */
	readonly scope?: object;
}

/**
 * Events in tables of a PostgreSQL database: `postgres://user:password@host:5432/database`. It needs PostgreSQL 12 or
 * newer. The first process makes the schema and its tables.
 *
 * @throws ServiceError `invalid_argument` for a URL or an option that cannot be used; `unavailable` when no server
 * answers; `failed_precondition` when the server refuses the user, has no such database, or the schema is of another
 * program or of a newer version; `permission_denied` when the user may not do what is needed.
 * @example
 * const events = await broker("postgres://shop:secret@db.example/shop");
 */
export async function broker(url: string, options: PostgresBrokerOptions = {}): Promise<Broker> {
	const { log, state } = await postgresPorts(url, options);
	try {
		return logBroker(log, state, options);
	} catch (error) {
		await Promise.all([log.close(), state.close()]);
		throw error;
	}
}

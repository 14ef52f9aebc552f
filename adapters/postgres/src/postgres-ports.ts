import type { GroupState } from "@allium/core/event";
import { openBackend } from "./backend.ts";
import { BackendHandle } from "./backend-handle.ts";
import { PostgresGroupState } from "./postgres-group-state.ts";
import { PostgresLog } from "./postgres-log.ts";
import { type PostgresOptions, parsePostgresUrl } from "./postgres-url.ts";

/** The log and the state of groups in a database. Both have to be closed. */
export async function postgresPorts(
	url: string,
	options: PostgresOptions & { readonly scope?: object } = {},
): Promise<{ readonly log: PostgresLog; readonly state: GroupState }> {
	const address = parsePostgresUrl(url, options);
	const scope = options.scope ?? {};
	const shares = [await openBackend(address, scope), await openBackend(address, scope)] as const;
	return {
		log: new PostgresLog(new BackendHandle("the log", shares[0])),
		state: new PostgresGroupState(new BackendHandle("the state of groups", shares[1])),
	};
}

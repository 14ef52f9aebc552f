import { type Fields, fields } from "@allium/backend";
import type { Context } from "@allium/core";
import type { RegistryFilter } from "@allium/core/registry";
import type { EtcdServer } from "./etcd-server.ts";
import { type KeyState, keyState } from "./key-state.ts";
import { keyAfter, rangeOf } from "./keys.ts";

/** How many keys are read at once. */
const pageSize = 1_000;

/** The keys of a range, and the revision of etcd at which they were so. */
export interface KeyRangeState {
	readonly keys: readonly KeyState[];
	readonly revision: number;
}

/** Reads the keys that a filter means, all at one revision. */
export async function readRange(
	server: EtcdServer,
	filter: RegistryFilter,
	ctx?: Context,
): Promise<KeyRangeState> {
	const { key: first, range_end } = rangeOf(filter);
	const keys: KeyState[] = [];
	let key: string | undefined = first;
	let revision = 0;
	while (key !== undefined) {
		const page: Fields = await server.call(
			"/v3/kv/range",
			{ key, range_end, limit: String(pageSize), ...(revision > 0 && { revision: String(revision) }) },
			ctx,
		);
		if (revision === 0) revision = revisionOf(page);
		const read = Array.isArray(page.kvs) ? page.kvs.map(keyState).filter((one) => one !== undefined) : [];
		keys.push(...read);
		const last = read.at(-1);
		key = page.more === true && last !== undefined ? keyAfter(last.key) : undefined;
	}
	return { keys, revision };
}

/** The revision of etcd when it made an answer; 0 where there is none. */
function revisionOf({ header }: Fields): number {
	return Number(fields(header).revision ?? 0);
}

import { type Context, type EventStore, handle, load } from "allium";
import { type MatchState, match } from "./match.ts";
import type { MatchRepository } from "./repository.ts";

/** Keeps the events of matches, from which their states follow. */
export function eventSourcedMatches(store: EventStore): MatchRepository {
	const find = async (id: string, ctx: Context): Promise<MatchState | undefined> =>
		(await load(store, match, id, ctx)).state ?? undefined;
	return {
		async carryOut(command, input, ctx) {
			const { state } = await handle(store, match, command, input, ctx);
			if (state === null) throw new Error(`${command} started no match`);
			return state;
		},
		async list(ctx) {
			const found: MatchState[] = [];
			for await (const id of ids(store, ctx)) found.push(...[(await find(id, ctx)) ?? []].flat());
			return found.sort((one, other) => order(one) - order(other));
		},
		find,
	};
}

const order = ({ startedAt }: MatchState): number => Date.parse(startedAt);

const prefix = `${match.name}/`;

/** The ids of all matches, a page of streams at a time. */
async function* ids(store: EventStore, ctx: Context): AsyncGenerator<string> {
	let after: string | undefined;
	do {
		const page = await store.streams({ prefix, limit: 100, ...(after !== undefined && { after }) }, ctx);
		for (const { stream } of page.items) yield stream.slice(prefix.length);
		after = page.next;
	} while (after !== undefined);
}

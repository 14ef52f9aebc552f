import type { Context } from "../../context/context.ts";
import type { ParkedEvent, Parking } from "../broker.ts";
import type { GroupId, GroupState, GroupStore, Slice, Which } from "../group-state.ts";
import type { Log } from "../log.ts";

/** The parked events of a group: their places from the state of the group, and the events from the log. */
export class GroupParking implements Parking {
	readonly #topic: string;
	readonly #log: Log;
	readonly #store: GroupStore;

	constructor(id: GroupId, log: Log, state: GroupState) {
		this.#topic = id.topic;
		this.#log = log;
		this.#store = state.group(id);
	}

	async list(
		page: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<ParkedEvent>> {
		const { items, ...rest } = await this.#store.parked(page, ctx);
		const topic = items.length > 0 ? await this.#log.find(this.#topic, ctx) : undefined;
		const events = (await topic?.get(items, ctx)) ?? [];
		return { items: items.map((item, index) => ({ ...item, event: events[index]?.event })), ...rest };
	}

	replay(which: Which, ctx: Context): Promise<number> {
		return this.#store.replay(which, ctx);
	}

	discard(which: Which, ctx: Context): Promise<number> {
		return this.#store.discard(which, ctx);
	}
}

import { Context } from "@allium/core";
import type {
	Cursors,
	Deferred,
	DeferredInLane,
	Delayed,
	GroupId,
	GroupReport,
	GroupState,
	GroupStore,
	GroupSummary,
	LaneChange,
	LaneLease,
	Member,
	MemberReport,
	Slice,
	Which,
} from "@allium/core/event";
import type { BackendChannel } from "./backend-channel.ts";
import { type RequestKind, untilTold } from "./backend-server.ts";

/** The backend does not know how long its clients wait. */
const background = Context.background();

/** A node's access to the state of groups of a simulated backend. */
export class SimulatedGroupState implements GroupState {
	readonly location: string;
	readonly #channel: BackendChannel;

	constructor(channel: BackendChannel) {
		this.location = channel.location;
		this.#channel = channel;
	}

	group(id: GroupId): GroupStore {
		return new SimulatedGroupStore(id, this.#channel);
	}

	groups(ctx: Context): Promise<readonly GroupSummary[]> {
		return this.#channel.ask({ name: "groups", kind: "read" }, ctx, ({ state }) => state.groups(background));
	}

	renew(member: string, ctx: Context): Promise<void> {
		return this.#channel.ask({ name: "renew", kind: "write" }, ctx, ({ state }) =>
			state.renew(member, background),
		);
	}

	resign(member: string, ctx: Context): Promise<void> {
		return this.#channel.ask({ name: "resign", kind: "write" }, ctx, ({ state }) =>
			state.resign(member, background),
		);
	}

	async close(): Promise<void> {}
}

class SimulatedGroupStore implements GroupStore {
	readonly #id: GroupId;
	readonly #channel: BackendChannel;

	constructor(id: GroupId, channel: BackendChannel) {
		this.#id = id;
		this.#channel = channel;
	}

	create(cursors: Cursors, ctx: Context): Promise<boolean> {
		return this.#ask("write", "create", ctx, (store) => store.create(cursors, background));
	}

	report(ctx: Context): Promise<GroupReport | undefined> {
		return this.#ask("read", "report", ctx, (store) => store.report(background));
	}

	members(ctx: Context): Promise<readonly MemberReport[]> {
		return this.#ask("read", "members", ctx, (store) => store.members(background));
	}

	join(member: Member, ctx: Context): Promise<void> {
		return this.#ask("write", "join", ctx, (store) => store.join(member, background));
	}

	leave(member: string, ctx: Context): Promise<void> {
		return this.#ask("write", "leave", ctx, (store) => store.leave(member, background));
	}

	claim(lane: number, member: string, seenEpoch: number, ctx: Context): Promise<LaneLease | undefined> {
		return this.#ask("write", `claim lane ${lane}`, ctx, (store) =>
			store.claim(lane, member, seenEpoch, background),
		);
	}

	save(lease: LaneLease, change: LaneChange, ctx: Context): Promise<void> {
		const name = `save lane ${lease.lane} of ${this.#id.group}`;
		return this.#channel.ask({ name, kind: "save" }, ctx, (server) =>
			server.save(this, this.#id, lease, change, background),
		);
	}

	release(lease: LaneLease, ctx: Context): Promise<void> {
		return this.#ask("write", `release lane ${lease.lane}`, ctx, (store) => store.release(lease, background));
	}

	delayed(lane: number, before: number, limit: number, ctx: Context): Promise<readonly Delayed[]> {
		return this.#ask("read", "delayed", ctx, (store) => store.delayed(lane, before, limit, background));
	}

	deferred(lane: number, ctx: Context): Promise<readonly Deferred[]> {
		return this.#ask("read", "deferred", ctx, (store) => store.deferred(lane, background));
	}

	parked(
		page: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<DeferredInLane>> {
		return this.#ask("read", "parked", ctx, (store) => store.parked(page, background));
	}

	counts(
		ctx: Context,
	): Promise<{ readonly retrying: number; readonly parked: number; readonly delayed: number }> {
		return this.#ask("read", "counts", ctx, (store) => store.counts(background));
	}

	replay(which: Which, ctx: Context): Promise<number> {
		return this.#ask("write", "replay", ctx, (store) => store.replay(which, background));
	}

	discard(which: Which, ctx: Context): Promise<number> {
		return this.#ask("write", "discard", ctx, (store) => store.discard(which, background));
	}

	rewind(cursors: Cursors, ctx: Context): Promise<void> {
		const request = { name: "rewind", kind: "write" } as const;
		return this.#channel.ask(request, ctx, (server) => server.rewind(this, this.#id, cursors, background));
	}

	forget(ctx: Context): Promise<void> {
		return this.#ask("write", "forget", ctx, (store) => store.forget(background));
	}

	changed(ctx: Context): Promise<void> {
		return this.#ask("read", "wait for changes", ctx, (store) =>
			untilTold((waiting) => store.changed(waiting)),
		);
	}

	#ask<Answer>(
		kind: RequestKind,
		name: string,
		ctx: Context,
		run: (store: GroupStore) => Promise<Answer>,
	): Promise<Answer> {
		return this.#channel.ask({ name: `${name} of ${this.#id.group}`, kind }, ctx, (server) =>
			run(server.store(this, this.#id)),
		);
	}
}

import type { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import type {
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
} from "./group-state.ts";
import type { Cursors } from "./log.ts";
import { MemoryGroup } from "./memory-group.ts";
import { MemoryHandle } from "./memory-handle.ts";

/** How the state of groups is kept in memory. */
export interface MemoryGroupStateOptions {
	/** The groups. States that are given the same object see each other's. Default: a new one. */
	readonly groups?: MemoryGroups;
}

/** The groups that several states in memory share, as processes share a backend. */
export class MemoryGroups {
	/** @internal By topic, then by name. */
	readonly "~groups": Map<string, Map<string, MemoryGroup>> = new Map();
	#epoch = 0;

	/** @internal Epochs grow over all groups, so that a lease of a group that was forgotten is worth nothing later. */
	"~nextEpoch"(): number {
		return ++this.#epoch;
	}

	/** @internal */
	"~all"(): MemoryGroup[] {
		return Array.from(this["~groups"].values(), (groups) => [...groups.values()]).flat();
	}
}

/** The state of groups within one process, for tests and for applications of a single process. */
export function memoryGroupState(options: MemoryGroupStateOptions = {}): GroupState {
	return new MemoryGroupState(options.groups ?? new MemoryGroups());
}

class MemoryGroupState implements GroupState {
	readonly location = "memory:";
	readonly #groups: MemoryGroups;
	readonly #handle = new MemoryHandle("the state of groups");

	constructor(groups: MemoryGroups) {
		this.#groups = groups;
	}

	group(id: GroupId): GroupStore {
		return new MemoryGroupStore(id, this.#groups, this.#handle);
	}

	async groups(ctx: Context): Promise<readonly GroupSummary[]> {
		this.#handle.check(ctx);
		return this.#groups["~all"]().map(({ id, createdAt }) => ({ ...id, createdAt }));
	}

	async renew(member: string, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		for (const group of this.#groups["~all"]()) group.renew(member);
	}

	async resign(member: string, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		for (const group of this.#groups["~all"]()) group.leave(member);
	}

	async close(): Promise<void> {
		this.#handle.close();
	}
}

class MemoryGroupStore implements GroupStore {
	readonly #id: GroupId;
	readonly #groups: MemoryGroups;
	readonly #handle: MemoryHandle;
	/** The version of the group that this store last reported. A greater version means that there is news. */
	#seen = 0;

	constructor(id: GroupId, groups: MemoryGroups, handle: MemoryHandle) {
		this.#id = id;
		this.#groups = groups;
		this.#handle = handle;
	}

	async create(cursors: Cursors, ctx: Context): Promise<boolean> {
		this.#handle.check(ctx);
		if (this.#group !== undefined) return false;
		const { topic, group } = this.#id;
		const groups = this.#groups["~groups"];
		const ofTopic = groups.get(topic) ?? new Map<string, MemoryGroup>();
		groups.set(
			topic,
			ofTopic.set(group, new MemoryGroup(this.#id, cursors, () => this.#groups["~nextEpoch"]())),
		);
		return true;
	}

	async report(ctx: Context): Promise<GroupReport | undefined> {
		this.#handle.check(ctx);
		this.#seen = this.#group?.version ?? 0;
		return this.#group?.report();
	}

	async members(ctx: Context): Promise<readonly MemberReport[]> {
		this.#handle.check(ctx);
		return this.#group?.report().members ?? [];
	}

	async join(member: Member, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		this.#need().join(member);
	}

	async leave(member: string, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		this.#group?.leave(member);
	}

	async claim(lane: number, member: string, seenEpoch: number, ctx: Context): Promise<LaneLease | undefined> {
		this.#handle.check(ctx);
		return this.#group?.claim(lane, member, seenEpoch);
	}

	async save(lease: LaneLease, change: LaneChange, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		if (this.#group?.save(lease, change) !== true) throw leaseLost(this.#id, lease);
	}

	async release(lease: LaneLease, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		this.#group?.release(lease);
	}

	async delayed(lane: number, before: number, limit: number, ctx: Context): Promise<readonly Delayed[]> {
		this.#handle.check(ctx);
		return this.#group?.lane(lane)?.delayed(before, limit) ?? [];
	}

	async deferred(lane: number, ctx: Context): Promise<readonly Deferred[]> {
		this.#handle.check(ctx);
		return this.#group?.lane(lane)?.deferred() ?? [];
	}

	async parked(
		page: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<DeferredInLane>> {
		this.#handle.check(ctx);
		return this.#group?.parked(page) ?? { items: [] };
	}

	async counts(
		ctx: Context,
	): Promise<{ readonly retrying: number; readonly parked: number; readonly delayed: number }> {
		this.#handle.check(ctx);
		return this.#group?.counts() ?? { retrying: 0, parked: 0, delayed: 0 };
	}

	async replay(which: Which, ctx: Context): Promise<number> {
		this.#handle.check(ctx);
		return this.#group?.edit(which, false) ?? 0;
	}

	async discard(which: Which, ctx: Context): Promise<number> {
		this.#handle.check(ctx);
		return this.#group?.edit(which, true) ?? 0;
	}

	async rewind(cursors: Cursors, ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		const group = this.#need();
		this.#checkIdle(group, "put at another place");
		group.rewind(cursors);
	}

	async forget(ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		const group = this.#group;
		if (group === undefined) return;
		this.#checkIdle(group, "removed");
		this.#groups["~groups"].get(this.#id.topic)?.delete(this.#id.group);
		group.wake();
	}

	async changed(ctx: Context): Promise<void> {
		this.#handle.check(ctx);
		const group = this.#need();
		if (group.version === this.#seen) await this.#handle.whileOpen(ctx, (open) => group.changed(open));
	}

	get #group(): MemoryGroup | undefined {
		return this.#groups["~groups"].get(this.#id.topic)?.get(this.#id.group);
	}

	#need(): MemoryGroup {
		if (this.#group !== undefined) return this.#group;
		const { topic, group } = this.#id;
		throw new ServiceError({ code: "not_found", message: `the topic ${topic} has no group ${group}` });
	}

	#checkIdle(group: MemoryGroup, what: string): void {
		if (!group.isHeld) return;
		throw new ServiceError({
			code: "failed_precondition",
			message: `the group ${this.#id.group} of the topic ${this.#id.topic} is being worked on, and is not ${what}; stop its processes first`,
		});
	}
}

function leaseLost({ topic, group }: GroupId, { lane }: LaneLease): ServiceError {
	return new ServiceError({
		code: "aborted",
		reason: "lease_lost",
		message: `another member of the group ${group} has taken the lane ${lane} of the topic ${topic}`,
	});
}

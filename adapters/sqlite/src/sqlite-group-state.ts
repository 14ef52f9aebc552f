import { type Context, ServiceError } from "@allium/core";
import { refusal } from "@allium/core/adapter";
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
import type { DatabaseFile } from "./database-file.ts";
import type { DeferredCounts } from "./deferred-tables.ts";
import { FileBell } from "./file-bell.ts";
import type { GroupRow, GroupTables } from "./group-tables.ts";
import { WriteQueue } from "./write-queue.ts";

/** The parts that the groups of a file share. */
interface Shared {
	readonly file: DatabaseFile<GroupTables>;
	readonly queue: WriteQueue<GroupTables>;
	readonly bell: FileBell;
}

/** The state of groups in a SQLite file. */
export class SqliteGroupState implements GroupState {
	readonly location: string;
	readonly #shared: Shared;

	constructor(location: string, file: DatabaseFile<GroupTables>, busyLimitMs: number) {
		this.location = location;
		const queue = new WriteQueue(file, (tables) => ({ tables }), busyLimitMs);
		this.#shared = { file, queue, bell: new FileBell(file) };
	}

	group(id: GroupId): GroupStore {
		return new SqliteGroupStore(id, this.#shared);
	}

	async groups(ctx: Context): Promise<readonly GroupSummary[]> {
		return (await this.#shared.file.read((tables) => tables.groups(), ctx)) ?? [];
	}

	async renew(member: string, ctx: Context): Promise<void> {
		await this.#shared.queue.write(({ tables }) => tables.renew(member), ctx);
	}

	async resign(member: string, ctx: Context): Promise<void> {
		await this.#shared.queue.write(({ tables }) => tables.resign(member), ctx);
		this.#shared.bell.ring();
	}

	async close(): Promise<void> {
		const { file, queue, bell } = this.#shared;
		const closing = file.close();
		bell.close();
		await Promise.all([closing, queue.idle()]);
	}
}

class SqliteGroupStore implements GroupStore {
	readonly #id: GroupId;
	readonly #shared: Shared;
	/** The version of the group that the last report told. */
	#seen: number | undefined;

	constructor(id: GroupId, shared: Shared) {
		this.#id = id;
		this.#shared = shared;
	}

	create(cursors: Cursors, ctx: Context): Promise<boolean> {
		return this.#tell((tables) => {
			if (tables.group(this.#id) !== undefined) return false;
			tables.create(this.#id, cursors);
			return true;
		}, ctx);
	}

	report(ctx: Context): Promise<GroupReport | undefined> {
		return this.#read((tables, { id, version }) => {
			this.#seen = version;
			return { members: tables.members(id), lanes: tables.lanes(id) };
		}, ctx);
	}

	async members(ctx: Context): Promise<readonly MemberReport[]> {
		return (await this.#read((tables, { id }) => tables.members(id), ctx)) ?? [];
	}

	join(member: Member, ctx: Context): Promise<void> {
		return this.#tell((tables) => tables.join(this.#need(tables).id, member), ctx);
	}

	async leave(member: string, ctx: Context): Promise<void> {
		await this.#tellOf((tables, group) => tables.leave(group, member), ctx);
	}

	async claim(lane: number, member: string, seenEpoch: number, ctx: Context): Promise<LaneLease | undefined> {
		const claimed = await this.#tellOf((tables, group) => tables.claim(group, lane, member, seenEpoch), ctx);
		return claimed === undefined ? undefined : { lane, member, ...claimed };
	}

	async save({ lane, epoch }: LaneLease, change: LaneChange, ctx: Context): Promise<void> {
		const isSaved = await this.#shared.queue.write(({ tables }) => {
			const group = tables.group(this.#id);
			return group !== undefined && tables.save(group.id, lane, epoch, change);
		}, ctx);
		if (!isSaved) throw this.#leaseLost(lane);
	}

	async release({ lane, epoch }: LaneLease, ctx: Context): Promise<void> {
		await this.#tellOf((tables, group) => tables.release(group, lane, epoch), ctx);
	}

	async delayed(lane: number, before: number, limit: number, ctx: Context): Promise<readonly Delayed[]> {
		return (await this.#read(({ deferred }, { id }) => deferred.delayed(id, lane, before, limit), ctx)) ?? [];
	}

	async deferred(lane: number, ctx: Context): Promise<readonly Deferred[]> {
		return (await this.#read(({ deferred }, { id }) => deferred.ofLane(id, lane), ctx)) ?? [];
	}

	async parked(
		{ after, limit }: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<DeferredInLane>> {
		const slice = await this.#read(({ deferred }, { id }) => deferred.parked(id, after, limit), ctx);
		return slice ?? { items: [] };
	}

	async counts(ctx: Context): Promise<DeferredCounts> {
		const counts = await this.#read(({ deferred }, { id }) => deferred.counts(id), ctx);
		return counts ?? { retrying: 0, parked: 0, delayed: 0 };
	}

	async replay(which: Which, ctx: Context): Promise<number> {
		return (await this.#tellOf((tables, group) => tables.edit(group, which, false), ctx)) ?? 0;
	}

	async discard(which: Which, ctx: Context): Promise<number> {
		return (await this.#tellOf((tables, group) => tables.edit(group, which, true), ctx)) ?? 0;
	}

	rewind(cursors: Cursors, ctx: Context): Promise<void> {
		return this.#tell((tables) => {
			const { id } = this.#need(tables);
			this.#checkIdle(tables, id, "put at another place");
			tables.rewind(id, cursors);
		}, ctx);
	}

	async forget(ctx: Context): Promise<void> {
		await this.#tellOf((tables, group) => {
			this.#checkIdle(tables, group, "removed");
			tables.forget(group);
		}, ctx);
	}

	async changed(ctx: Context): Promise<void> {
		const { file, bell } = this.#shared;
		const version = await file.read((tables) => this.#need(tables).version, ctx);
		if (version === undefined) throw this.#missing();
		const seen = this.#seen ?? version;
		await bell.until(() => file.read((tables) => tables.group(this.#id)?.version !== seen, ctx), ctx);
	}

	/** Reads of the group; undefined where it is missing. */
	#read<T>(run: (tables: GroupTables, group: GroupRow) => T, ctx: Context): Promise<T | undefined> {
		return this.#shared.file.read((tables) => {
			const group = tables.group(this.#id);
			return group === undefined ? undefined : run(tables, group);
		}, ctx);
	}

	/** Changes something that others wait for. */
	async #tell<T>(run: (tables: GroupTables) => T, ctx: Context): Promise<T> {
		const result = await this.#shared.queue.write(({ tables }) => run(tables), ctx);
		this.#shared.bell.ring();
		return result;
	}

	/** As `#tell`; undefined where the group is missing. */
	#tellOf<T>(run: (tables: GroupTables, group: number) => T, ctx: Context): Promise<T | undefined> {
		return this.#tell((tables) => {
			const group = tables.group(this.#id);
			return group === undefined ? undefined : run(tables, group.id);
		}, ctx);
	}

	#need(tables: GroupTables): GroupRow {
		const group = tables.group(this.#id);
		if (group === undefined) throw this.#missing();
		return group;
	}

	#checkIdle(tables: GroupTables, group: number, what: string): void {
		if (!tables.isHeld(group)) return;
		throw refusal(
			`the group ${this.#id.group} of the topic ${this.#id.topic} is being worked on, and is not ${what}; ` +
				"stop its processes first",
		);
	}

	#missing(): ServiceError {
		const { topic, group } = this.#id;
		return new ServiceError({ code: "not_found", message: `the topic ${topic} has no group ${group}` });
	}

	#leaseLost(lane: number): ServiceError {
		const { topic, group } = this.#id;
		return new ServiceError({
			code: "aborted",
			reason: "lease_lost",
			message: `another member of the group ${group} has taken the lane ${lane} of the topic ${topic}`,
		});
	}
}

import type { Context } from "@allium/core";
import {
	type Cursors,
	type Deferred,
	type DeferredInLane,
	type Delayed,
	type GroupId,
	type GroupReport,
	type GroupStore,
	type LaneChange,
	type LaneLease,
	type LaneReport,
	type Member,
	type MemberReport,
	type Slice,
	Waiters,
	type Which,
} from "@allium/core/event";
import { sleep } from "@allium/core/transport";
import { type GroupCounts, GroupEdits } from "./group-edits.ts";
import type { GroupKeys, NamespaceKeys } from "./group-keys.ts";
import { GroupLanes } from "./group-lanes.ts";
import { type GroupRecord, groupRecord, withMember, withoutMember } from "./group-record.ts";
import { GroupRecords, type StoredLane } from "./group-records.ts";
import type { Entry, GroupStorage } from "./group-storage.ts";
import { KeyFeed } from "./key-feed.ts";
import { laneRecord } from "./lane-record.ts";
import type { MemberRenewals } from "./member-renewals.ts";

/** So long a change stays unheard at most, in milliseconds. */
const unheardMs = 1_000;

/** Options of {@link NatsGroup}. */
export interface NatsGroupOptions {
	readonly id: GroupId;
	readonly storage: GroupStorage;
	readonly keys: NamespaceKeys;
	readonly renewals: MemberRenewals;
	/** Throws when the state is closed, or the context has ended. */
	readonly check: (ctx?: Context) => void;
}

/** One group in a bucket. */
export class NatsGroup implements GroupStore {
	readonly #storage: GroupStorage;
	readonly #namespaceKeys: NamespaceKeys;
	readonly #keys: GroupKeys;
	readonly #renewals: MemberRenewals;
	readonly #check: (ctx?: Context) => void;
	readonly #records: GroupRecords;
	readonly #lanes: GroupLanes;
	readonly #edits: GroupEdits;
	readonly #feed: KeyFeed;
	readonly #waiters = new Waiters();
	/** The functions that end waits. */
	readonly #waits = new Set<() => void>();
	/** Increases with every change of members, holders and edits. */
	#version = 1;
	/** The version that was told last. */
	#seen = 0;

	constructor({ id, storage, keys, renewals, check }: NatsGroupOptions) {
		this.#storage = storage;
		this.#namespaceKeys = keys;
		this.#keys = keys.group(id);
		this.#renewals = renewals;
		this.#check = check;
		this.#records = new GroupRecords(id, storage, this.#keys);
		this.#lanes = new GroupLanes(this.#records);
		this.#edits = new GroupEdits(this.#records);
		this.#feed = new KeyFeed(storage, [this.#keys.record, this.#keys.lanes], (entry, before) => {
			if (!this.#isNews(entry, before)) return;
			this.#version++;
			this.#waiters.wake();
		});
	}

	async create(cursors: Cursors, ctx: Context): Promise<boolean> {
		this.#check(ctx);
		await this.#storage.make(ctx);
		const before = await this.#storage.read(this.#keys.record, ctx);
		if (groupRecord(before) !== undefined) return false;
		// Every write has a greater revision, so that no epoch comes again.
		const epoch = await this.#storage.write(this.#namespaceKeys.count, "", ctx);
		const record: GroupRecord = {
			...this.#records.id,
			createdAt: new Date().toISOString(),
			epoch,
			cursors: Object.fromEntries(cursors),
			members: [],
			joins: 0,
		};
		const expected = before?.revision ?? 0;
		const revision = await this.#storage.replace(this.#keys.record, JSON.stringify(record), expected, ctx);
		return revision !== undefined;
	}

	async report(ctx: Context): Promise<GroupReport | undefined> {
		this.#check(ctx);
		const entries = await this.#feed.entries(ctx);
		this.#seen = this.#version;
		const group = groupRecord(entries.get(this.#keys.record));
		if (group === undefined) return undefined;
		const members = await this.#renewals.reports(group.members, ctx);
		return { members, lanes: this.#records.lanesIn(group, entries).map(laneReport) };
	}

	async members(ctx: Context): Promise<readonly MemberReport[]> {
		this.#check(ctx);
		const group = await this.#records.group(ctx);
		return group === undefined ? [] : this.#renewals.reports(group.members, ctx);
	}

	async join(member: Member, ctx: Context): Promise<void> {
		this.#check(ctx);
		// Without a group there may be no bucket either.
		if ((await this.#records.group(ctx)) === undefined) throw this.#records.missing();
		await this.#renewals.renew(member.id, ctx);
		const isDone = await this.#records.change((record) => withMember(record, member), ctx);
		if (!isDone) throw this.#records.missing();
	}

	async leave(member: string, ctx: Context): Promise<void> {
		this.#check(ctx);
		await this.#records.change((record) => withoutMember(record, member), ctx);
	}

	async claim(lane: number, member: string, seenEpoch: number, ctx: Context): Promise<LaneLease | undefined> {
		this.#check(ctx);
		return this.#lanes.claim(lane, member, seenEpoch, ctx);
	}

	async save(lease: LaneLease, change: LaneChange, ctx: Context): Promise<void> {
		this.#check(ctx);
		if (!(await this.#lanes.save(lease, change, ctx))) throw this.#records.lost(lease.lane);
	}

	async release(lease: LaneLease, ctx: Context): Promise<void> {
		this.#check(ctx);
		await this.#lanes.release(lease, ctx);
	}

	async delayed(lane: number, before: number, limit: number, ctx: Context): Promise<readonly Delayed[]> {
		this.#check(ctx);
		return this.#lanes.delayed(lane, before, limit, ctx);
	}

	async deferred(lane: number, ctx: Context): Promise<readonly Deferred[]> {
		this.#check(ctx);
		return this.#lanes.deferred(lane, ctx);
	}

	async parked(
		page: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<DeferredInLane>> {
		this.#check(ctx);
		return this.#edits.parked(page, ctx);
	}

	async counts(ctx: Context): Promise<GroupCounts> {
		this.#check(ctx);
		return this.#edits.counts(ctx);
	}

	async replay(which: Which, ctx: Context): Promise<number> {
		this.#check(ctx);
		return this.#edits.edit(which, false, ctx);
	}

	async discard(which: Which, ctx: Context): Promise<number> {
		this.#check(ctx);
		return this.#edits.edit(which, true, ctx);
	}

	async rewind(cursors: Cursors, ctx: Context): Promise<void> {
		this.#check(ctx);
		await this.#edits.rewind(cursors, ctx);
	}

	async forget(ctx: Context): Promise<void> {
		this.#check(ctx);
		await this.#edits.forget(ctx);
	}

	async changed(ctx: Context): Promise<void> {
		this.#check(ctx);
		const entries = await this.#feed.entries(ctx);
		if (groupRecord(entries.get(this.#keys.record)) === undefined) throw this.#records.missing();
		if (this.#version !== this.#seen) return;
		const { ctx: waiting, cancel } = ctx.withCancel();
		this.#waits.add(cancel);
		try {
			await Promise.race([this.#waiters.wait(waiting), sleep(unheardMs, waiting)]);
		} catch (error) {
			this.#check();
			throw error;
		} finally {
			this.#waits.delete(cancel);
			cancel();
		}
	}

	/** Ends all waits. */
	close(): void {
		this.#feed.close();
		for (const end of [...this.#waits]) end();
	}

	/** Saves alone, which are many, are no news. */
	#isNews(entry: Entry | undefined, before: Entry | undefined): boolean {
		if (entry === undefined || before === undefined || entry.key === this.#keys.record) return true;
		const [now, then] = [laneRecord(entry), laneRecord(before)];
		return now.holder !== then.holder || now.epoch !== then.epoch || now.edits !== then.edits;
	}
}

function laneReport({ lane, record: { holder, epoch, cursor, edits } }: StoredLane): LaneReport {
	return { lane, holder, epoch, cursor, edits };
}

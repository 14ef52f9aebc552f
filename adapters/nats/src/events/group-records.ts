import { type Context, ServiceError } from "@allium/core";
import type { GroupId } from "@allium/core/event";
import type { GroupKeys } from "./group-keys.ts";
import { type GroupRecord, groupRecord } from "./group-record.ts";
import type { Entry, GroupStorage } from "./group-storage.ts";
import { type LaneRecord, laneRecord, newLane } from "./lane-record.ts";

/** A lane as it is stored. */
export interface StoredLane {
	readonly lane: number;
	readonly record: LaneRecord;
	/** 0 when the lane was never written. */
	readonly revision: number;
}

/** Reads and changes the record of a group and the records of its lanes. */
export class GroupRecords {
	readonly id: GroupId;
	readonly storage: GroupStorage;
	readonly keys: GroupKeys;

	constructor(id: GroupId, storage: GroupStorage, keys: GroupKeys) {
		this.id = id;
		this.storage = storage;
		this.keys = keys;
	}

	/** Undefined when there is no such group. */
	async group(ctx: Context): Promise<GroupRecord | undefined> {
		return groupRecord(await this.storage.read(this.keys.record, ctx));
	}

	/** Changes the record of the group, even if others change it at the same time. Returns whether the group exists. */
	async change(change: (record: GroupRecord) => GroupRecord, ctx: Context): Promise<boolean> {
		for (;;) {
			const entry = await this.storage.read(this.keys.record, ctx);
			const record = groupRecord(entry);
			if (record === undefined || entry === undefined) return false;
			const text = JSON.stringify(change(record));
			const revision = await this.storage.replace(entry.key, text, entry.revision, ctx);
			if (revision !== undefined) return true;
		}
	}

	/** A lane as it is now; undefined when the group has no such lane. */
	async lane(group: GroupRecord, lane: number, ctx: Context): Promise<StoredLane | undefined> {
		return storedLane(group, lane, await this.storage.read(this.keys.lane(lane), ctx));
	}

	/** All lanes. */
	async lanes(group: GroupRecord, ctx: Context): Promise<readonly StoredLane[]> {
		const entries = await this.storage.list(this.keys.lanes, ctx);
		return this.lanesIn(group, new Map(entries.map((entry) => [entry.key, entry])));
	}

	/** All lanes, of which some entries are known. */
	lanesIn(group: GroupRecord, entries: ReadonlyMap<string, Entry>): readonly StoredLane[] {
		const lanes = Object.keys(group.cursors).map(Number);
		return lanes
			.map((lane) => storedLane(group, lane, entries.get(this.keys.lane(lane))))
			.filter((lane) => lane !== undefined);
	}

	/** Writes a lane as long as it is as it was read. Returns its revision; undefined when it is not. */
	writeLane({ lane, record, revision }: StoredLane, ctx: Context): Promise<number | undefined> {
		return this.storage.replace(this.keys.lane(lane), JSON.stringify(record), revision, ctx);
	}

	missing(): ServiceError {
		const { topic, group } = this.id;
		return new ServiceError({ code: "not_found", message: `the topic ${topic} has no group ${group}` });
	}

	lost(lane: number): ServiceError {
		const { topic, group } = this.id;
		return new ServiceError({
			code: "aborted",
			reason: "lease_lost",
			message: `another member of the group ${group} has taken the lane ${lane} of the topic ${topic}`,
		});
	}
}

/** A lane that nobody has claimed yet begins where the group began. So does one of an earlier group of the same name. */
function storedLane(group: GroupRecord, lane: number, entry: Entry | undefined): StoredLane | undefined {
	const cursor = group.cursors[lane];
	if (cursor === undefined) return undefined;
	const revision = entry?.revision ?? 0;
	const record = entry === undefined ? undefined : laneRecord(entry);
	if (record === undefined || record.epoch < group.epoch)
		return { lane, revision, record: newLane(cursor, group.epoch) };
	return { lane, revision, record };
}

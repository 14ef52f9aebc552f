import type { Cursor, GroupId, Member } from "@allium/core/event";
import type { Entry } from "./group-storage.ts";

/** A member that has joined. */
export interface JoinedMember extends Member {
	readonly joined: number;
}

/** The stored record of a group. */
export interface GroupRecord extends GroupId {
	/** In ISO 8601. */
	readonly createdAt: string;
	/** The epoch under which the lanes began. */
	readonly epoch: number;
	/** The places at which lanes begin that nobody has claimed yet. */
	readonly cursors: Readonly<Record<string, Cursor>>;
	readonly members: readonly JoinedMember[];
	/** How many have joined so far. */
	readonly joins: number;
	/** Whether the group was removed. */
	readonly isRemoved?: boolean;
}

/** Reads the record of a group; undefined when there is none. */
export function groupRecord(entry: Entry | undefined): GroupRecord | undefined {
	if (entry === undefined) return undefined;
	const record: GroupRecord = JSON.parse(entry.text);
	return record.isRemoved === true ? undefined : record;
}

/** Adds a member, or changes the events that it handles. */
export function withMember(record: GroupRecord, { id, handles }: Member): GroupRecord {
	const before = record.members.find((member) => member.id === id);
	const joined = before?.joined ?? record.joins + 1;
	const others = record.members.filter((member) => member.id !== id);
	return { ...record, joins: Math.max(record.joins, joined), members: [...others, { id, handles, joined }] };
}

export function withoutMember(record: GroupRecord, id: string): GroupRecord {
	return { ...record, members: record.members.filter((member) => member.id !== id) };
}

import type { DatabaseSync } from "node:sqlite";
import type {
	Cursors,
	Deferred,
	GroupId,
	GroupSummary,
	LaneChange,
	LaneReport,
	LaneState,
	Member,
	MemberReport,
	Which,
} from "@allium/core/event";
import { DeferredTables } from "./deferred-tables.ts";
import { machineNow } from "./machine-clock.ts";
import { Query, type Row } from "./query.ts";
import { storable } from "./storable.ts";

/** A group as it lies in the file. */
export interface GroupRow {
	readonly id: number;
	/** Increases with every change of members, holders and edits. */
	readonly version: number;
}

/** A lane that was taken. */
export interface Claimed {
	readonly epoch: number;
	readonly state: LaneState;
}

/** The statements of the state of groups. Statements that change something need a transaction. */
export class GroupTables {
	readonly deferred: DeferredTables;
	readonly #group: Query;
	readonly #groups: Query;
	readonly #makeGroup: Query;
	readonly #change: Query;
	readonly #nextEpoch: Query;
	readonly #members: Query;
	readonly #join: Query;
	readonly #leave: Query;
	readonly #groupsOf: Query;
	readonly #firstRenewal: Query;
	readonly #renew: Query;
	readonly #forgetRenewal: Query;
	readonly #lanes: Query;
	readonly #makeLane: Query;
	readonly #claim: Query;
	readonly #save: Query;
	readonly #release: Query;
	readonly #edited: Query;
	readonly #held: Query;
	readonly #forgetLanes: Query;
	readonly #forgetMembers: Query;
	readonly #forgetGroup: Query;

	constructor(database: DatabaseSync) {
		const query = (sql: string): Query => new Query(database, sql);
		const ofEpoch = "WHERE group_id = ? AND lane = ? AND epoch = ?";
		this.deferred = new DeferredTables(database);
		this.#group = query("SELECT id, version FROM groups WHERE topic = ? AND name = ?");
		this.#groups = query("SELECT topic, name, created_at FROM groups ORDER BY topic, name");
		this.#makeGroup = query(
			"INSERT INTO groups (topic, name, created_at, version) VALUES (?, ?, ?, ?) RETURNING id",
		);
		this.#change = query("UPDATE groups SET version = version + 1 WHERE id = ?");
		this.#nextEpoch = query("UPDATE epochs SET value = value + 1 RETURNING value");
		this.#members = query(
			"SELECT id, handles, joined, value, at FROM members JOIN renewals ON member = id WHERE group_id = ? ORDER BY joined",
		);
		this.#join = query(
			"INSERT INTO members (group_id, id, joined, handles) VALUES" +
				" (?1, ?2, (SELECT coalesce(max(joined), 0) + 1 FROM members WHERE group_id = ?1), ?3)" +
				" ON CONFLICT DO UPDATE SET handles = excluded.handles",
		);
		this.#leave = query("DELETE FROM members WHERE group_id = ? AND id = ?");
		this.#groupsOf = query("SELECT group_id FROM members WHERE id = ?");
		this.#firstRenewal = query(
			"INSERT INTO renewals (member, value, at) VALUES (?, 1, ?)" +
				" ON CONFLICT DO UPDATE SET value = value + 1, at = excluded.at",
		);
		this.#renew = query("UPDATE renewals SET value = value + 1, at = ? WHERE member = ?");
		this.#forgetRenewal = query(
			"DELETE FROM renewals WHERE member = ?1 AND NOT EXISTS (SELECT 1 FROM members WHERE id = ?1)",
		);
		this.#lanes = query(
			"SELECT lane, holder, epoch, cursor, edits FROM lanes WHERE group_id = ? ORDER BY lane",
		);
		this.#makeLane = query("INSERT INTO lanes (group_id, lane, epoch, cursor) VALUES (?, ?, ?, ?)");
		this.#claim = query(
			"UPDATE lanes SET epoch = ?1, holder = ?2," +
				" crashes = crashes + (holder IS NOT NULL AND holder <> ?2)" +
				" WHERE group_id = ?3 AND lane = ?4 AND epoch = ?5 RETURNING cursor, ahead, crashes, trying",
		);
		this.#save = query(
			"UPDATE lanes SET cursor = coalesce(?, cursor), ahead = coalesce(?, ahead)," +
				` crashes = coalesce(?, crashes), trying = nullif(coalesce(?, trying), '') ${ofEpoch}`,
		);
		this.#release = query(`UPDATE lanes SET holder = NULL, crashes = 0 ${ofEpoch}`);
		this.#edited = query("UPDATE lanes SET edits = edits + 1 WHERE group_id = ? AND lane = ?");
		this.#held = query(
			"SELECT 1 FROM lanes JOIN members USING (group_id) WHERE group_id = ? AND holder = id LIMIT 1",
		);
		this.#forgetLanes = query("DELETE FROM lanes WHERE group_id = ?");
		this.#forgetMembers = query("DELETE FROM members WHERE group_id = ? RETURNING id");
		this.#forgetGroup = query("DELETE FROM groups WHERE id = ?");
	}

	group({ topic, group }: GroupId): GroupRow | undefined {
		const row = this.#group.get(storable(topic), storable(group));
		return row === undefined ? undefined : { id: Number(row[0]), version: Number(row[1]) };
	}

	groups(): GroupSummary[] {
		return this.#groups.all().map(([topic, group, createdAt]) => ({
			topic: String(topic),
			group: String(group),
			createdAt: new Date(Number(createdAt)).toISOString(),
		}));
	}

	create({ topic, group }: GroupId, cursors: Cursors): void {
		const row = this.#makeGroup.get(storable(topic), storable(group), Date.now(), this.#epoch());
		this.#makeLanes(Number(row?.[0]), cursors);
	}

	/** Notes a change of members, holders or edits. */
	change(group: number): void {
		this.#change.run(group);
	}

	/** The members, the first that joined first. */
	members(group: number): MemberReport[] {
		const now = machineNow();
		return this.#members.all(group).map(([id, handles, joined, renewal, at]) => ({
			id: String(id),
			handles: JSON.parse(String(handles)),
			joined: Number(joined),
			renewal: String(renewal),
			// A time that is still to come is from before the machine restarted.
			silentMs: Number(at) > now ? now : now - Number(at),
		}));
	}

	join(group: number, { id, handles }: Member): void {
		this.#join.run(group, storable(id), JSON.stringify(handles));
		this.#firstRenewal.run(storable(id), machineNow());
		this.change(group);
	}

	leave(group: number, member: string): void {
		if (this.#leave.run(group, storable(member)) === 0) return;
		this.#forgetRenewal.run(storable(member));
		this.change(group);
	}

	renew(member: string): void {
		this.#renew.run(machineNow(), storable(member));
	}

	resign(member: string): void {
		for (const [group] of this.#groupsOf.all(storable(member))) this.leave(Number(group), member);
	}

	lanes(group: number): LaneReport[] {
		return this.#lanes.all(group).map(([lane, holder, epoch, cursor, edits]) => ({
			lane: Number(lane),
			holder: holder === null ? undefined : String(holder),
			epoch: Number(epoch),
			cursor: String(cursor),
			edits: Number(edits),
		}));
	}
	/** Takes a lane if its epoch is the one that was seen. */
	claim(group: number, lane: number, member: string, seenEpoch: number): Claimed | undefined {
		const epoch = this.#epoch();
		const row = this.#claim.get(epoch, storable(member), group, lane, seenEpoch);
		if (row === undefined) return undefined;
		this.change(group);
		return { epoch, state: laneState(row, this.deferred.ofLane(group, lane)) };
	}

	/** Carries out a change. Returns whether the epoch is the latest; otherwise nothing is changed. */
	save(group: number, lane: number, epoch: number, change: LaneChange): boolean {
		const { cursor = null, ahead, crashes = null, trying } = change;
		const aheadText = ahead === undefined ? null : JSON.stringify(ahead);
		const tryingText = trying === undefined ? null : trying === "none" ? "" : JSON.stringify(trying);
		if (this.#save.run(cursor, aheadText, crashes, tryingText, group, lane, epoch) === 0) return false;
		this.deferred.save(group, lane, change);
		return true;
	}

	release(group: number, lane: number, epoch: number): void {
		if (this.#release.run(group, lane, epoch) > 0) this.change(group);
	}

	/** Makes parked events due. Returns how many. */
	edit(group: number, which: Which, discard: boolean): number {
		const lanes = this.deferred.edit(group, which, discard);
		for (const lane of new Set(lanes)) this.#edited.run(group, lane);
		if (lanes.length > 0) this.change(group);
		return lanes.length;
	}

	/** Whether a member holds a lane. */
	isHeld(group: number): boolean {
		return this.#held.get(group) !== undefined;
	}

	/** Puts the group at other places, without anything that waits. */
	rewind(group: number, cursors: Cursors): void {
		this.deferred.forget(group);
		this.#forgetLanes.run(group);
		this.#makeLanes(group, cursors);
		this.change(group);
	}

	forget(group: number): void {
		this.deferred.forget(group);
		this.#forgetLanes.run(group);
		const members = this.#forgetMembers.all(group);
		for (const [member] of members) this.#forgetRenewal.run(String(member));
		this.#forgetGroup.run(group);
	}

	#makeLanes(group: number, cursors: Cursors): void {
		for (const [lane, cursor] of cursors) this.#makeLane.run(group, lane, this.#epoch(), cursor);
	}

	/** A number that was never given before, in no group. */
	#epoch(): number {
		return Number(this.#nextEpoch.get()?.[0]);
	}
}

function laneState([cursor, ahead, crashes, trying]: Row, deferred: readonly Deferred[]): LaneState {
	return {
		cursor: String(cursor),
		ahead: JSON.parse(String(ahead)),
		deferred,
		crashes: Number(crashes),
		...(trying !== null && { trying: JSON.parse(String(trying)) }),
	};
}

import type { Context } from "../context/context.ts";
import type { Cursor, Cursors } from "./log.ts";

/** A group is a group of one topic: two topics may each have a group of one name. */
export interface GroupId {
	readonly topic: string;
	readonly group: string;
}

/** A process that shares the work of a group. */
export interface Member {
	readonly id: string;
	/** The events that it handles, by name, and the newest version of each that it knows. */
	readonly handles: Readonly<Record<string, number>>;
}

/** A member as the others see it. */
export interface MemberReport extends Member {
	/** Of two members, the one that joined later has the greater number. */
	readonly joined: number;
	/**
	 * Changes with each renewal. Other members measure with their own clocks how long it stays unchanged; clocks of
	 * machines are never compared.
	 */
	readonly renewal: string;
	/** How long ago it was renewed by the server's own clock, in milliseconds, where the server tells it. */
	readonly silentMs?: number;
}

/** A lane of a group as everybody sees it. */
export interface LaneReport {
	readonly lane: number;
	/** The member that claimed it and has not released it. It may have left or been resigned since. */
	readonly holder: string | undefined;
	readonly epoch: number;
	readonly cursor: Cursor;
	/** Increases whenever an operator replays or discards something in the lane. */
	readonly edits: number;
}

/** The members and the lanes of a group. */
export interface GroupReport {
	readonly members: readonly MemberReport[];
	readonly lanes: readonly LaneReport[];
}

/** Why an event was not handled. */
export interface HandlingError {
	readonly code: string;
	readonly reason?: string;
	readonly message: string;
}

/** An event that failed: it is tried again at a time, or parked. State is by reference: the log has the event. */
export interface Deferred {
	/** Unique in its lane: `k:` and the key that it holds, or `e:` and its cursor. */
	readonly id: string;
	/**
	 * The key that waits with it. All later events of the key wait, too, and are read again from the log behind
	 * `cursor`: they have no entry of their own.
	 */
	readonly key?: string;
	/** The event: of a held key, the first that is not handled. */
	readonly cursor: Cursor;
	/** How many attempts to handle it have failed. */
	readonly attempt: number;
	/** When it is tried again, in milliseconds since 1970. */
	readonly due: number | "parked";
	/** Set by an operator: the event is passed over when it is due. */
	readonly discard?: boolean;
	readonly error?: HandlingError;
	/** When it first failed, in milliseconds since 1970. */
	readonly since: number;
}

/** An event that is not handled before its time. It holds no key. */
export interface Delayed {
	readonly cursor: Cursor;
	/** In milliseconds since 1970. */
	readonly due: number;
}

/** The event that was about to be handled one by one, after crashes. */
export interface Trying {
	readonly cursor: Cursor;
	/** How many processes ended while they handled it. */
	readonly crashes: number;
}

/** The state of a lane when it is claimed. Delayed events are not part of it: they are requested by time. */
export interface LaneState {
	/** All events up to here are settled, deferred or delayed, and so are the events of `ahead`. */
	readonly cursor: Cursor;
	readonly ahead: readonly Cursor[];
	readonly deferred: readonly Deferred[];
	/** How many claims in a row found the lane held by a member that had gone without releasing it. */
	readonly crashes: number;
	readonly trying?: Trying;
}

/** A change of a lane's state. A field that is missing stays as it is. */
export interface LaneChange {
	readonly cursor?: Cursor;
	readonly ahead?: readonly Cursor[];
	/** Entries to add. They replace entries with the same ids. */
	readonly defer?: readonly Deferred[];
	/** The ids of deferred events that are handled. */
	readonly settle?: readonly string[];
	readonly delay?: readonly Delayed[];
	/** Delayed events that are handled or deferred. */
	readonly undelay?: readonly Cursor[];
	readonly crashes?: number;
	readonly trying?: Trying | "none";
}

/** A lane that a member holds. */
export interface LaneLease {
	readonly lane: number;
	readonly member: string;
	/** Greater than the epoch of every earlier claim. */
	readonly epoch: number;
	readonly state: LaneState;
}

/** A deferred event and its lane. */
export interface DeferredInLane extends Deferred {
	readonly lane: number;
}

/** A page of a listing, with the place where the next one begins. */
export interface Slice<Item> {
	readonly items: readonly Item[];
	readonly next?: string;
}

/** Which parked events an operator means. */
export type Which = "all" | { readonly ids: readonly string[] } | { readonly keys: readonly string[] };

/**
 * The state of one group in its backend. It uses no clock: a member keeps a lane until it releases the lane, or until
 * another member claims it under the epoch that it saw because the holder was silent for too long.
 *
 * If the group is missing, `join`, `rewind` and `changed` reject with `not_found`, and `save` rejects as for a lost
 * lease. No other operation rejects for that reason.
 */
export interface GroupStore {
	/**
	 * Creates the group at these places if it is missing, with a lane for each place. Returns whether it created the
	 * group.
	 */
	create(cursors: Cursors, ctx: Context): Promise<boolean>;
	/** Undefined when there is no such group. May be up to a second old. */
	report(ctx: Context): Promise<GroupReport | undefined>;
	/** The members as they are now. They include every member that had joined before this call. */
	members(ctx: Context): Promise<readonly MemberReport[]>;
	/**
	 * Joins, or changes the events that the member handles. A member that had joined keeps its place in the order of
	 * joining.
	 */
	join(member: Member, ctx: Context): Promise<void>;
	leave(member: string, ctx: Context): Promise<void>;
	/**
	 * Takes a lane if its epoch is still the one that was seen. Undefined if it is not. If another member held the lane,
	 * `crashes` of the state is one more than before.
	 */
	claim(lane: number, member: string, seenEpoch: number, ctx: Context): Promise<LaneLease | undefined>;
	/** All or nothing. Rejects with `aborted`, reason `lease_lost`, when the epoch is not the latest. */
	save(lease: LaneLease, change: LaneChange, ctx: Context): Promise<void>;
	/** Gives a lane up, and resets `crashes`. Has no effect when the epoch is not the latest. */
	release(lease: LaneLease, ctx: Context): Promise<void>;
	/** The delayed events of a lane that are due before a time, the earliest first. */
	delayed(lane: number, before: number, limit: number, ctx: Context): Promise<readonly Delayed[]>;
	/** The deferred events of a lane. The holder reads them again after an operator changed them. */
	deferred(lane: number, ctx: Context): Promise<readonly Deferred[]>;
	/** The parked events of all lanes. */
	parked(
		page: { readonly after?: string; readonly limit: number },
		ctx: Context,
	): Promise<Slice<DeferredInLane>>;
	/** How many events are deferred to be tried again, parked and delayed. */
	counts(
		ctx: Context,
	): Promise<{ readonly retrying: number; readonly parked: number; readonly delayed: number }>;
	/** Makes parked events due at once. Returns how many. */
	replay(which: Which, ctx: Context): Promise<number>;
	/** Makes parked events due at once, to be passed over. Returns how many. */
	discard(which: Which, ctx: Context): Promise<number>;
	/**
	 * Puts the group at other places, without anything deferred or delayed. Rejects with `failed_precondition` while a
	 * member holds a lane. Earlier leases are void afterwards, and no epoch is given twice.
	 */
	rewind(cursors: Cursors, ctx: Context): Promise<void>;
	/**
	 * Removes the group. Rejects as `rewind` does. A later group of the same name never gives an epoch that this one gave.
	 */
	forget(ctx: Context): Promise<void>;
	/**
	 * Resolves when members, holders or edits may have changed: sometimes without a change, and at most 1 s late. Ends
	 * with `ctx`.
	 */
	changed(ctx: Context): Promise<void>;
}

/** A group in a listing. */
export interface GroupSummary extends GroupId {
	/** When it was made, in ISO 8601. */
	readonly createdAt: string;
}

/** The state of all groups. */
export interface GroupState {
	readonly location?: string | undefined;
	group(id: GroupId): GroupStore;
	groups(ctx: Context): Promise<readonly GroupSummary[]>;
	/** Renews everything that a member holds, in all groups, with one write. */
	renew(member: string, ctx: Context): Promise<void>;
	/** Removes a member from all groups. The lanes that it did not release count as crashed. */
	resign(member: string, ctx: Context): Promise<void>;
	close(): Promise<void>;
}

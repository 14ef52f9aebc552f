import { Context } from "@allium/core";
import {
	type Cursor,
	type Cursors,
	cursorAt,
	type Deferred,
	type GroupId,
	type GroupState,
	type GroupStore,
	type LaneLease,
	type LaneReport,
	type LaneState,
	type Member,
} from "@allium/core/event";
import { expect } from "vitest";
import { BackendLab } from "../suite/backend-lab.ts";
import type { GroupStateSetup } from "./group-state-setup.ts";

/** The root of all contexts of the suite. */
export const background: Context = Context.background();

/** The group of tests that need only one. */
export const rewards: GroupId = { topic: "matches", group: "rewards" };

/** The backend of one test, and the groups on it. */
export class GroupStateLab extends BackendLab<GroupState, GroupStateSetup> {
	/** Opens a further handle on the group. Creates its four lanes if it is missing, and adds the members. */
	async group(...members: readonly string[]): Promise<GroupStore> {
		const store = (await this.open()).group(rewards);
		await store.create(lanesAt(4, 0), background);
		for (const id of members) await store.join(member(id), background);
		return store;
	}

	/** Claims a lane, even if another member holds it. */
	async take(store: GroupStore, lane: number, member: string): Promise<LaneLease> {
		let lease: LaneLease | undefined;
		await this.eventually(async () => {
			lease = await store.claim(lane, member, (await reported(store, lane)).epoch, background);
			expect(lease).toBeDefined();
		});
		return lease ?? expect.unreachable();
	}

	/** The state of a lane. It takes the lane over in order to read it. */
	async stateOf(store: GroupStore, lane: number): Promise<LaneState> {
		return sorted((await this.take(store, lane, "observer")).state);
	}

	/** How many delayed events the largest test saves. */
	get many(): number {
		return this.setup.many ?? 100_000;
	}
}

/** A lane in the report of the group. */
export async function reported(store: GroupStore, lane: number): Promise<LaneReport> {
	const report = await store.report(background);
	return report?.lanes.find((each) => each.lane === lane) ?? expect.unreachable();
}

/** The given number of lanes, all at one position. */
export function lanesAt(lanes: number, position: number): Cursors {
	return new Map(Array.from({ length: lanes }, (_, lane) => [lane, cursor(position)]));
}

/** The cursor of the suite's event at a position; `""` for 0. */
export function cursor(position: number): Cursor {
	return position === 0 ? "" : cursorAt(position, `event-${position}`);
}

export function member(id: string, handles: Member["handles"] = { started: 1 }): Member {
	return { id, handles };
}

/** An event that failed. */
export function deferred(id: string, change: Partial<Deferred> = {}): Deferred {
	return { id, cursor: cursor(1), attempt: 1, due: 1_800_000_000_000, since: 1_700_000_000_000, ...change };
}

/** An event that holds its key and is parked. */
export function parkedKey(key: string, position = 1): Deferred {
	const error = { code: "invalid_argument", reason: "no_such_player", message: "there is no such player" };
	return deferred(`k:${key}`, { key, cursor: cursor(position), attempt: 8, due: "parked", error });
}

/** The state with its deferred events sorted, because a state has no order of them. */
export function sorted(state: LaneState): LaneState {
	return { ...state, deferred: sortedById(state.deferred) };
}

export function sortedById<Item extends { readonly id: string }>(items: readonly Item[]): Item[] {
	return [...items].sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** The error that a stale lease gets. */
export const leaseLost = { code: "aborted", reason: "lease_lost" };

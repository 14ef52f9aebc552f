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

/** The group of tests that need one alone. */
export const rewards: GroupId = { topic: "matches", group: "rewards" };

/** The backend of one test, and the groups on it. */
export class GroupStateLab extends BackendLab<GroupState, GroupStateSetup> {
	/** The group through a handle of its own. Its four lanes are made if it is missing, and members join. */
	async group(...members: readonly string[]): Promise<GroupStore> {
		const store = (await this.open()).group(rewards);
		await store.create(lanesAt(4, 0), background);
		for (const id of members) await store.join(member(id), background);
		return store;
	}

	/** Claims a lane as it is now, whoever holds it. */
	async take(store: GroupStore, lane: number, member: string): Promise<LaneLease> {
		let lease: LaneLease | undefined;
		await this.eventually(async () => {
			lease = await store.claim(lane, member, (await reported(store, lane)).epoch, background);
			expect(lease).toBeDefined();
		});
		return lease ?? expect.unreachable();
	}

	/** What is known of a lane: takes it over, and looks. */
	async stateOf(store: GroupStore, lane: number): Promise<LaneState> {
		return sorted((await this.take(store, lane, "observer")).state);
	}

	/** How many delayed events the largest test saves. */
	get many(): number {
		return this.setup.many ?? 100_000;
	}
}

/** A lane as the report of the group has it. */
export async function reported(store: GroupStore, lane: number): Promise<LaneReport> {
	const report = await store.report(background);
	return report?.lanes.find((each) => each.lane === lane) ?? expect.unreachable();
}

/** So many lanes, all at one position. */
export function lanesAt(lanes: number, position: number): Cursors {
	return new Map(Array.from({ length: lanes }, (_, lane) => [lane, cursor(position)]));
}

/** The place of the suite's event at a position; `""` for 0. */
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

/** The state with what is deferred in order: a state has none. */
export function sorted(state: LaneState): LaneState {
	return { ...state, deferred: sortedById(state.deferred) };
}

export function sortedById<Item extends { readonly id: string }>(items: readonly Item[]): Item[] {
	return [...items].sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** What a lease that is not the latest is told. */
export const leaseLost = { code: "aborted", reason: "lease_lost" };

import type { Context } from "../../context/context.ts";
import { sleep } from "../../context/sleep.ts";
import { errorText } from "../../errors/error-text.ts";
import type { ServiceError } from "../../errors/service-error.ts";
import { Backoff } from "../../time/backoff.ts";
import { after } from "../../time/timer.ts";
import type { GroupReport, GroupStore, LaneLease, LaneReport, Member, MemberReport } from "../group-state.ts";
import type { Cursor, TopicLog } from "../log.ts";
import { attempt } from "./attempt.ts";
import { ChangeWait } from "./change-wait.ts";
import { deal } from "./dealing.ts";
import type { HeldLanes } from "./held-lanes.ts";
import type { Lane } from "./lane.ts";
import { MemberWatch } from "./member-watch.ts";
import type { Membership } from "./membership.ts";
import type { Troubles } from "./troubles.ts";

/** Changes that come together are looked at together. */
const leastBetweenLooksMs = 20;

/** Options of {@link LaneDealer}. */
export interface LaneDealerOptions {
	readonly topic: TopicLog;
	readonly store: GroupStore;
	readonly membership: Membership;
	readonly handles: Member["handles"];
	/** Whether the group is the process's own, and ends with it. */
	readonly isOwn: boolean;
	readonly held: HeldLanes;
	readonly ttlMs: number;
	/** Ends when no lane may be claimed any more. */
	readonly ctx: Context;
	readonly troubles: Troubles;
	/** Makes the error of a lane that another member has. */
	readonly taken: (lane: number) => ServiceError;
	/** Told when a lane was claimed, or operators changed something in one. */
	readonly changed: () => void;
}

/** A lane whose place is not in the log any more, or never was. */
interface Misplaced {
	readonly lane: number;
	readonly cursor: Cursor;
	readonly isDiverged: boolean;
}

/** Looks at a group, and does this member's part so that its lanes are dealt evenly among the live members. */
export class LaneDealer {
	readonly #options: LaneDealerOptions;
	readonly #watch: MemberWatch;
	readonly #backoff = new Backoff({ firstMs: 50, longestMs: 1_000 });
	/** By lane: how often operators had changed something in it. */
	readonly #edits = new Map<number, number>();
	/** The lanes with an event that only another member handles, and which member that is. */
	readonly #barred = new Map<number, string>();
	/** Since when lanes have been free under an epoch. */
	#freeSince = new Map<number, { readonly epoch: number; readonly since: number }>();
	/** Why no lane is held. */
	#misplaced: Misplaced | undefined;
	readonly #news = new ChangeWait();
	/** Whether nobody else was a member at the last look. */
	#isAlone = false;

	constructor(options: LaneDealerOptions) {
		this.#options = options;
		this.#watch = new MemberWatch(options.ttlMs);
	}

	/** Looks again and again, until the context ends. Never rejects. */
	async run(): Promise<void> {
		const { ctx, membership, troubles } = this.#options;
		while (ctx.error === undefined) {
			this.#news.reset();
			try {
				if (membership.isAlive()) {
					await this.#look();
					this.#backoff.reset();
					troubles.clear("group");
				}
				await this.#waitForChange();
			} catch (error) {
				if (ctx.error !== undefined) return;
				troubles.set("group", `the state of the group does not answer: ${errorText(error)}`);
				await sleep(this.#backoff.next(), ctx).catch(() => {});
			}
		}
	}

	/** Looks at the group soon. */
	wake(): void {
		this.#news.wake();
	}

	/** Selects the members that are not silent, from a list that was just requested. */
	live(members: readonly MemberReport[]): readonly MemberReport[] {
		return this.#watch.live(members);
	}

	/** Gives a lane back, because its next event is for another member. */
	bar(lane: Lane, member: string): void {
		this.#barred.set(lane.number, member);
		void this.#options.held.release(lane);
	}

	/** Gives all lanes back, and claims none until the group is at another place. */
	stop(misplaced: Misplaced): void {
		if (this.#misplaced !== undefined) return;
		this.#misplaced = misplaced;
		this.#options.troubles.set("place", sentence(misplaced, this.#options.isOwn));
		for (const lane of [...this.#options.held.all.values()]) void this.#options.held.release(lane);
	}

	async #look(): Promise<void> {
		const { store, held, ctx, ttlMs, troubles } = this.#options;
		const report = await attempt(ttlMs, ctx, (ctx) => store.report(ctx));
		if (report === undefined) {
			troubles.set("removed", "the group was removed; start the app again to make it again");
			for (const lane of [...held.all.values()]) held.lose(lane, this.#options.taken(lane.number));
			return;
		}
		troubles.clear("removed");
		const members = await this.#joined(report.members);
		const live = this.#watch.live(members);
		this.#isAlone = members.length === 1;
		this.#noticeLosses(report.lanes);
		await this.#takeEdits(report.lanes);
		if (this.#misplaced !== undefined && !(await this.#isInPlace(report.lanes, this.#misplaced))) return;
		await this.#deal({ members, lanes: report.lanes }, live);
		await this.#dismiss({ members, lanes: report.lanes }, live);
	}

	/** The members with this one among them. It joins again when it was taken for dead. */
	async #joined(members: readonly MemberReport[]): Promise<readonly MemberReport[]> {
		const { store, membership, handles, ctx, ttlMs } = this.#options;
		const isIn = (members: readonly MemberReport[]): boolean =>
			members.some(({ id }) => id === membership.id);
		if (isIn(members)) return members;
		// Reports may be older than the joining.
		const now = await attempt(ttlMs, ctx, (ctx) => store.members(ctx));
		if (isIn(now)) return now;
		await attempt(ttlMs, ctx, (ctx) => store.join({ id: membership.id, handles }, ctx));
		return attempt(ttlMs, ctx, (ctx) => store.members(ctx));
	}

	/** A lane that another member claimed is lost, even if nothing is to be saved. */
	#noticeLosses(lanes: readonly LaneReport[]): void {
		const { held, membership, taken } = this.#options;
		for (const { lane, epoch, holder } of lanes) {
			const mine = held.all.get(lane);
			if (mine === undefined || epoch <= mine.lease.epoch || holder === membership.id) continue;
			held.lose(mine, taken(lane));
		}
	}

	async #takeEdits(lanes: readonly LaneReport[]): Promise<void> {
		const { store, held, ctx, ttlMs, changed } = this.#options;
		for (const { lane, edits } of lanes) {
			const mine = held.all.get(lane);
			if (mine === undefined || this.#edits.get(lane) === edits) continue;
			const deferred = await attempt(ttlMs, ctx, (ctx) => store.deferred(lane, ctx));
			this.#edits.set(lane, edits);
			mine.deferrals.merge(deferred);
			changed();
		}
	}

	async #deal(report: GroupReport, live: readonly MemberReport[]): Promise<void> {
		const { held, membership } = this.#options;
		const lanes = report.lanes.map((lane) => this.#asItIs(lane));
		const alive = new Set(live);
		const members = report.members.filter((member) => member.id === membership.id || alive.has(member));
		const { claim, release } = deal({ members, lanes }, membership.id);
		for (const number of release) {
			const lane = held.all.get(number);
			if (lane?.isOpen === true) void held.release(lane);
		}
		for (const [lane, member] of this.#barred) {
			if (!members.some(({ id }) => id === member)) this.#barred.delete(lane);
		}
		const wanted = new Set([...claim, ...this.#forgotten(report, members)]);
		const stale = report.lanes.filter((lane) => lane.holder === membership.id && held.wasGivenBack(lane));
		const notYet = new Set(stale.map(({ lane }) => lane));
		const others = [...wanted].filter(({ lane }) => !notYet.has(lane) && this.#mayClaim(lane));
		await this.#claim([...report.lanes.filter((lane) => this.#wasCutOff(lane)), ...others]);
	}

	/** Whether a lane is this member's for all others, although it had to give it up. They wait until it takes it again. */
	#wasCutOff(lane: LaneReport): boolean {
		const { held, membership } = this.#options;
		return lane.holder === membership.id && !held.all.has(lane.lane) && !held.wasGivenBack(lane);
	}

	/** A lane as this member knows it, which may be more than the report does. */
	#asItIs(lane: LaneReport): LaneReport {
		const { held, membership } = this.#options;
		const mine = held.all.get(lane.lane);
		if (mine?.isOpen === true || this.#wasCutOff(lane)) return { ...lane, holder: membership.id };
		return lane.holder === membership.id ? { ...lane, holder: undefined } : lane;
	}

	/** Lanes that nobody took for long, although they were free: who should have had them cannot take them. */
	#forgotten({ lanes }: GroupReport, members: readonly MemberReport[]): LaneReport[] {
		const now = performance.now();
		const before = this.#freeSince;
		this.#freeSince = new Map();
		return lanes.filter(({ lane, epoch, holder }) => {
			if (holder !== undefined && members.some(({ id }) => id === holder)) return false;
			const seen = before.get(lane);
			const since = seen?.epoch === epoch ? seen.since : now;
			this.#freeSince.set(lane, { epoch, since });
			return now - since > 2 * this.#options.ttlMs;
		});
	}

	#mayClaim(lane: number): boolean {
		return !this.#options.held.all.has(lane) && !this.#barred.has(lane);
	}

	async #claim(lanes: readonly LaneReport[]): Promise<void> {
		const { store, membership, held, ctx, ttlMs, changed } = this.#options;
		const free = await this.#withoutHolder(lanes);
		if (free.length === 0) return;
		const claims = free.map(({ lane, epoch }) =>
			attempt(ttlMs, ctx, (ctx) => store.claim(lane, membership.id, epoch, ctx)),
		);
		const settled = await Promise.allSettled(claims);
		const leases = settled.flatMap((claim) => (claim.status === "fulfilled" ? (claim.value ?? []) : []));
		const failure = settled.find((claim) => claim.status === "rejected");
		const inPlace = await this.#checkPlaces(leases);
		for (const lease of inPlace) {
			const found = free.find(({ lane }) => lane === lease.lane);
			this.#edits.set(lease.lane, found?.edits ?? 0);
			held.add(lease, found?.holder !== undefined && found.holder !== membership.id);
		}
		if (inPlace.length > 0) changed();
		if (failure !== undefined) throw failure.reason;
	}

	/** Reports may be old: a holder that seems to be gone is looked for as things are now. */
	async #withoutHolder(lanes: readonly LaneReport[]): Promise<LaneReport[]> {
		const { store, membership, ctx, ttlMs } = this.#options;
		const isFree = ({ holder }: LaneReport): boolean => holder === undefined || holder === membership.id;
		if (lanes.every(isFree)) return [...lanes];
		const members = await attempt(ttlMs, ctx, (ctx) => store.members(ctx));
		const live = new Set(this.#watch.live(members).map(({ id }) => id));
		return lanes.filter((lane) => isFree(lane) || (lane.holder !== undefined && !live.has(lane.holder)));
	}

	/** Gives leases back that cannot be used, because the log has no such place or this member is not alive. */
	async #checkPlaces(leases: readonly LaneLease[]): Promise<readonly LaneLease[]> {
		const { topic, membership, ctx, ttlMs } = this.#options;
		if (leases.length === 0) return leases;
		try {
			const cursors = new Map(leases.map(({ lane, state }) => [lane, state.cursor]));
			const [diverged] = await attempt(ttlMs, ctx, (ctx) => topic.diverged(cursors, ctx));
			if (diverged !== undefined) {
				this.stop({ lane: diverged, cursor: cursors.get(diverged) ?? "", isDiverged: true });
			}
		} catch (error) {
			await this.#giveBack(leases);
			throw error;
		}
		if (this.#misplaced === undefined && membership.isAlive() && ctx.error === undefined) return leases;
		await this.#giveBack(leases);
		return [];
	}

	async #giveBack(leases: readonly LaneLease[]): Promise<void> {
		const { store, held, ttlMs } = this.#options;
		await Promise.allSettled(
			leases.map((lease) => attempt(ttlMs, held.ctx, (ctx) => store.release(lease, ctx))),
		);
	}

	/** Whether the group was put at another place, or the log has come back. */
	async #isInPlace(lanes: readonly LaneReport[], misplaced: Misplaced): Promise<boolean> {
		const { topic, ctx, ttlMs, troubles } = this.#options;
		const isMoved = lanes.some(({ lane, cursor }) => lane === misplaced.lane && cursor !== misplaced.cursor);
		if (!isMoved) {
			if (!misplaced.isDiverged) return false;
			const cursors = new Map([[misplaced.lane, misplaced.cursor]]);
			const diverged = await attempt(ttlMs, ctx, (ctx) => topic.diverged(cursors, ctx));
			if (diverged.length > 0) return false;
		}
		this.#misplaced = undefined;
		troubles.clear("place");
		return true;
	}

	/** Removes members that have been silent for long and hold nothing: they ended without leaving. */
	async #dismiss({ members, lanes }: GroupReport, live: readonly MemberReport[]): Promise<void> {
		const { store, ctx, ttlMs } = this.#options;
		for (const { id } of this.#watch.longSilent(members)) {
			if (live.some((member) => member.id === id) || lanes.some(({ holder }) => holder === id)) continue;
			await attempt(ttlMs, ctx, (ctx) => store.leave(id, ctx));
		}
	}

	/**
	 * Waits for a change, or until silent members may be found. A member that is alone has nobody to find: another that
	 * joins is a change. So groups that idle cost their backend little, and an app may have many.
	 */
	async #waitForChange(): Promise<void> {
		const { store, ctx, ttlMs } = this.#options;
		await sleep(Math.min(leastBetweenLooksMs, ttlMs / 8), ctx);
		const timer = after(this.#isAlone ? ttlMs : ttlMs / 4, () => this.#news.wake());
		try {
			await this.#news.wait(ctx, (ctx) => store.changed(ctx));
		} finally {
			timer.stop();
		}
	}
}

function sentence({ lane, isDiverged }: Misplaced, isOwn: boolean): string {
	const remedy = isOwn
		? "start the process again, and it goes on from now"
		: "put the group at another place (allium groups rewind), and it goes on by itself";
	return isDiverged
		? `diverged: the log has another event than the last that lane ${lane} of the group handled, so it was restored from a backup or is another log; ${remedy}`
		: `lost: the topic keeps events no longer that lane ${lane} of the group has not handled; keep them longer, and ${remedy}`;
}

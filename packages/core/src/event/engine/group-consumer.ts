import { Context } from "../../context/context.ts";
import { ServiceError } from "../../errors/service-error.ts";
import type { Logger } from "../../logger/logger.ts";
import type { Consumer, ConsumerReport, Deliver, GroupSpec, Verdict } from "../broker.ts";
import type { GroupStore } from "../group-state.ts";
import type { Page, Placed, TopicLog } from "../log.ts";
import { attempt } from "./attempt.ts";
import { Dispatcher } from "./dispatcher.ts";
import { groupReport } from "./group-report.ts";
import { HeldLanes } from "./held-lanes.ts";
import { KnownEvents } from "./known-events.ts";
import type { Lane } from "./lane.ts";
import { LaneDealer } from "./lane-dealer.ts";
import { laneTrouble } from "./lane-trouble.ts";
import type { Membership } from "./membership.ts";
import { NewerMembers } from "./newer-members.ts";
import { Reader } from "./reader.ts";
import { Recovery } from "./recovery.ts";
import { RetentionWatch } from "./retention-watch.ts";
import { Troubles } from "./troubles.ts";
import type { Turns } from "./turns.ts";

/** How long `close` waits for the last save, in milliseconds. */
const closeMs = 1_000;

const lanesGivenUp =
	"the lanes are given up, because the state of groups has not answered for too long; what was handled and is not saved is handled again";

/** Options of {@link GroupConsumer}. */
export interface GroupConsumerOptions {
	readonly spec: GroupSpec;
	readonly deliver: Deliver;
	readonly topic: TopicLog;
	readonly store: GroupStore;
	readonly membership: Membership;
	/** Shared by all groups of the process. */
	readonly turns: Turns;
	readonly ttlMs: number;
	readonly saveMs: number;
	readonly saveEvents: number;
	readonly deferredBound: number;
	readonly logger: Logger;
	/** Told once it has ended. */
	readonly ended: () => void;
}

/**
 * Works on the lanes of a group that are dealt to this process. It connects the parts, which know little of each other.
 */
export class GroupConsumer implements Consumer {
	readonly #options: GroupConsumerOptions;
	readonly #known: KnownEvents;
	readonly #newerMembers: NewerMembers;
	readonly #retention: RetentionWatch;
	readonly #troubles: Troubles;
	/** Ends the reading of events and the claiming of lanes. */
	readonly #taking = Context.background().withCancel();
	/** Ends all work. */
	readonly #working = Context.background().withCancel();
	readonly #held: HeldLanes;
	readonly #dispatcher: Dispatcher;
	readonly #reader: Reader;
	readonly #recovery: Recovery;
	readonly #dealer: LaneDealer;
	readonly #unfollow: () => void;
	#passedOver = 0;
	#drained: Promise<void> | undefined;
	#closed: Promise<void> | undefined;

	constructor(options: GroupConsumerOptions) {
		const { spec, topic, store, membership, ttlMs, logger } = options;
		const { topic: name, group, concurrency, bytes, park, handles, ignores } = spec;
		this.#options = options;
		this.#known = new KnownEvents(handles, ignores);
		const troubles = new Troubles(logger, { topic: name, group });
		this.#troubles = troubles;
		const [ctx, taking] = [this.#working.ctx, this.#taking.ctx];
		const save = (lane: Lane): Promise<void> => this.#held.save(lane);
		this.#held = new HeldLanes({
			...options,
			park,
			ctx,
			troubles,
			longestPauseMs: ttlMs,
			changed: (lost) => this.#lanesChanged(lost),
		});
		this.#dispatcher = new Dispatcher({
			...options,
			concurrency,
			save,
			ended: (lane, verdict) => this.#ended(lane, verdict),
			resumed: () => this.#resume(),
		});
		this.#reader = new Reader({
			topic,
			concurrency,
			bytes,
			patienceMs: 2 * ttlMs,
			ctx: taking,
			troubles,
			lanes: () => this.#held.all,
			diverged: ({ number, window }) =>
				this.#dealer.stop({ lane: number, cursor: window.read, isDiverged: true }),
			take: (page, lanes) => this.#take(page, lanes),
		});
		this.#recovery = new Recovery({
			topic,
			store,
			// Events that fail slowly do not take all the room from the others.
			concurrency: Math.ceil(concurrency / 2),
			bytes,
			patienceMs: 2 * ttlMs,
			ctx: taking,
			troubles,
			logger,
			lanes: () => this.#held.all.values(),
			save,
			handled: (lane, events) => this.#handled(lane, events),
			ready: () => this.#dispatcher.pump(),
		});
		this.#dealer = new LaneDealer({
			topic,
			store,
			membership,
			handles,
			isOwn: spec.each,
			held: this.#held,
			ttlMs,
			ctx: taking,
			troubles,
			taken: (lane) => leaseLost(spec, lane),
			changed: () => this.#resume(),
		});
		this.#newerMembers = new NewerMembers({
			store,
			me: membership.id,
			known: this.#known,
			patienceMs: ttlMs,
			ctx: taking,
			troubles,
			live: (members) => this.#dealer.live(members),
		});
		this.#retention = new RetentionWatch({
			topic,
			group,
			lanes: () => this.#held.all.values(),
			patienceMs: 2 * ttlMs,
			ctx: taking,
			logger,
		});
		this.#unfollow = membership.follow({
			onLost: () => this.#membershipLost(),
			onAlive: () => this.#dealer.wake(),
		});
		void this.#dealer.run();
		void this.#reader.run();
	}

	drain(ctx: Context): Promise<void> {
		this.#drained ??= this.#drain(ctx);
		return this.#drained;
	}

	close(): Promise<void> {
		this.#closed ??= this.#close();
		return this.#closed;
	}

	async report(ctx: Context): Promise<ConsumerReport> {
		const { topic, store, membership, ttlMs } = this.#options;
		const lanes = [...this.#held.all.values()];
		const numbers = await groupReport({ topic, store, lanes, patienceMs: ttlMs, ctx });
		const trouble = [this.#troubles.text, membership.trouble, laneTrouble(lanes)].filter(
			(text) => text !== undefined,
		);
		return {
			...numbers,
			...this.#retention.report,
			lanes: lanes.length,
			passedOver: this.#passedOver,
			...(trouble.length > 0 && { trouble: trouble.join("; ") }),
		};
	}

	async #drain(ctx: Context): Promise<void> {
		this.#taking.cancel();
		const released = Promise.all([...this.#held.all.values()].map((lane) => this.#held.release(lane)));
		const { promise: over, resolve } = Promise.withResolvers<void>();
		const unlisten = ctx["~cancellation"].listen(() => resolve());
		await Promise.race([released, over]);
		unlisten();
		await this.close();
	}

	/** Saves the events that are settled by now, unless that takes too long. */
	async #close(): Promise<void> {
		const { store, membership, ttlMs, ended } = this.#options;
		this.#taking.cancel();
		this.#recovery.close();
		this.#retention.close();
		this.#dispatcher.close();
		const lanes = [...this.#held.all.values()];
		for (const lane of lanes) {
			void lane.close();
			lane.cancel();
		}
		const { ctx } = this.#working;
		await attempt(Math.min(closeMs, ttlMs), ctx, async (ctx) => {
			await Promise.all(lanes.map((lane) => this.#held.giveBack(lane)));
			await store.leave(membership.id, ctx);
		}).catch(() => {});
		this.#unfollow();
		this.#loseAll();
		this.#held.close();
		this.#working.cancel();
		ended();
	}

	#lanesChanged(lost?: Lane): void {
		if (lost !== undefined) this.#dispatcher.forget(lost);
		this.#dispatcher.setLanes([...this.#held.all.values()]);
		this.#reader.wake();
		this.#dealer.wake();
	}

	#ended(lane: Lane, verdict: Verdict): void {
		this.#reader.freed(lane);
		if (verdict.do === "retry") this.#recovery.wake();
	}

	#resume(): void {
		this.#recovery.wake();
		this.#reader.wake();
		this.#dispatcher.pump();
	}

	#membershipLost(): void {
		const { spec, logger } = this.#options;
		const fields = { topic: spec.topic, group: spec.group, lanes: this.#held.all.size };
		logger.log("warn", lanesGivenUp, fields);
		this.#loseAll();
	}

	#loseAll(): void {
		const { spec } = this.#options;
		for (const lane of [...this.#held.all.values()]) this.#held.lose(lane, leaseLost(spec, lane.number));
	}

	async #take(page: Page, lanes: ReadonlyMap<number, Lane>): Promise<void> {
		const isHeld = (lane: Lane | undefined): lane is Lane =>
			lane?.isOpen === true && this.#held.all.get(lane.number) === lane;
		for (const number of page.lost) {
			const lane = lanes.get(number);
			if (isHeld(lane)) this.#dealer.stop({ lane: number, cursor: lane.window.cursor, isDiverged: false });
		}
		const newer = await this.#newerMembers.handlersOf(page.events);
		for (const placed of page.events) {
			const lane = lanes.get(placed.lane);
			if (!isHeld(lane)) continue;
			const member = newer.get(placed);
			if (member !== undefined) this.#dealer.bar(lane, member);
			else if (this.#isPassedOver(placed)) {
				this.#passedOver++;
				lane.skip(placed);
			} else lane.take(placed);
		}
		for (const [number, lane] of lanes) {
			const next = page.next.get(number);
			if (isHeld(lane) && next !== undefined) lane.readTo(next);
		}
		this.#resumeAfterReading();
	}

	#resumeAfterReading(): void {
		this.#dispatcher.pump();
		this.#recovery.wake();
	}

	#isPassedOver({ event, fault }: Placed): boolean {
		if (fault !== undefined) return false;
		const acquaintance = this.#known.acquaintance(event);
		return acquaintance === "unknown" || acquaintance === "ignored";
	}

	/** Selects the events of a held key that this process handles. */
	async #handled(lane: Lane, events: readonly Placed[]): Promise<readonly Placed[]> {
		const newer = await this.#newerMembers.handlersOf(events);
		const [member] = newer.values();
		if (member !== undefined && lane.isOpen) this.#dealer.bar(lane, member);
		return events.filter((placed) => !this.#isPassedOver(placed));
	}
}

function leaseLost({ topic, group }: GroupSpec, lane: number): ServiceError {
	return new ServiceError({
		code: "unavailable",
		reason: "lease_lost",
		message: `lane ${lane} of the topic ${topic} may belong to another process of the group ${group} by now; its events are handled again there`,
	});
}

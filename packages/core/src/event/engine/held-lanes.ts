import type { Context } from "../../context/context.ts";
import type { Logger } from "../../logger/logger.ts";
import { after, type Timer } from "../../time/timer.ts";
import type { GroupStore, LaneLease, LaneReport } from "../group-state.ts";
import { attempt } from "./attempt.ts";
import { Lane, type LaneOptions } from "./lane.ts";
import { LaneSaver } from "./lane-saver.ts";
import type { Membership } from "./membership.ts";
import type { Troubles } from "./troubles.ts";
import { UnsavedLanes } from "./unsaved-lanes.ts";

/** How old a report of a group may be, in milliseconds. */
const oldestReportMs = 1_000;

/** Options of {@link HeldLanes}. */
export interface HeldLanesOptions extends Omit<LaneOptions, "changed" | "crashed"> {
	readonly store: GroupStore;
	readonly membership: Membership;
	readonly ttlMs: number;
	readonly saveMs: number;
	readonly saveEvents: number;
	readonly troubles: Troubles;
	readonly logger: Logger;
	/** Called when the set of lanes has changed, before a lost lane is told that it is lost. */
	readonly changed: (lost?: Lane) => void;
}

/** The lanes of a group that this process holds. It saves them, gives them back, and gives them up. */
export class HeldLanes {
	readonly #options: HeldLanesOptions;
	readonly #lanes = new Map<number, Lane>();
	readonly #savers = new Map<Lane, LaneSaver>();
	readonly #unsaved: UnsavedLanes;
	/** The leases that were given back recently. Reports may still show them. */
	readonly #given = new Map<number, { readonly epoch: number; readonly at: number }>();
	/** The lanes that have changed since the timer was set. */
	readonly #changed = new Set<Lane>();
	#timer: Timer | undefined;

	constructor(options: HeldLanesOptions) {
		this.#options = options;
		this.#unsaved = new UnsavedLanes(options.troubles);
	}

	/** Ended when nothing is saved or given back any more. */
	get ctx(): Context {
		return this.#options.ctx;
	}

	/** The lanes by their numbers, including lanes that are being given back. */
	get all(): ReadonlyMap<number, Lane> {
		return this.#lanes;
	}

	/**
	 * Begins with a lane that was claimed.
	 *
	 * @param crashed Whether its last holder was gone without releasing it.
	 */
	add(lease: LaneLease, crashed: boolean): Lane {
		const options = this.#options;
		const lane = new Lane(lease, { ...options, crashed, changed: this.#noteChange });
		const lose = (lost: Lane, reason: unknown): void => this.lose(lost, reason);
		this.#lanes.set(lane.number, lane);
		this.#savers.set(lane, new LaneSaver(lane, { ...options, unsaved: this.#unsaved, lose }));
		options.changed();
		return lane;
	}

	/** Resolves once all changes of a lane are saved, or it is lost. */
	async save(lane: Lane): Promise<void> {
		this.#changed.delete(lane);
		await this.#savers.get(lane)?.save();
	}

	/** Lets a lane finish its running events, saves it, and gives it back. Never rejects. */
	async release(lane: Lane): Promise<void> {
		await lane.close();
		await this.giveBack(lane);
	}

	/** Saves a lane, and gives it back. Never rejects. */
	async giveBack(lane: Lane): Promise<void> {
		const { store, ttlMs, ctx, logger } = this.#options;
		// Events that end while it is being saved count, too.
		do await this.save(lane);
		while (lane.isDirty && !lane.isLost && ctx.error === undefined);
		if (lane.isLost) return;
		this.lose(lane, undefined);
		this.#given.set(lane.number, { epoch: lane.lease.epoch, at: performance.now() });
		try {
			await attempt(ttlMs, ctx, (ctx) => store.release(lane.lease, ctx));
		} catch (error) {
			if (ctx.error !== undefined) return;
			logger.log("warn", `the lane ${lane.number} could not be given back; others take it later`, { error });
		}
	}

	/** Whether a report that shows this member as the holder of a lane may be older than its release. */
	wasGivenBack({ lane, epoch }: LaneReport): boolean {
		const given = this.#given.get(lane);
		return given?.epoch === epoch && performance.now() - given.at < 2 * oldestReportMs;
	}

	/** Gives a lane up as it is. Events whose outcome is not saved are handled again, here or elsewhere. */
	lose(lane: Lane, reason: unknown): void {
		if (this.#lanes.get(lane.number) !== lane) return;
		this.#lanes.delete(lane.number);
		this.#savers.delete(lane);
		this.#changed.delete(lane);
		this.#unsaved.givenUp(lane);
		this.#options.changed(lane);
		lane.lose(reason);
	}

	close(): void {
		this.#timer?.stop();
	}

	readonly #noteChange = (lane: Lane): void => {
		const { saveMs, saveEvents } = this.#options;
		if (lane.unsaved === saveEvents) {
			void this.save(lane);
			return;
		}
		this.#changed.add(lane);
		this.#timer ??= after(saveMs, () => {
			this.#timer = undefined;
			const changed = [...this.#changed];
			this.#changed.clear();
			for (const each of changed) void this.save(each);
		});
	};
}

import { Context } from "@allium/core";
import type { Broker, BrokerFeatures, Deliver, Which } from "@allium/core/event";
import { type BrokerModule, crashGroup, keyOf, poisonKey } from "./crash/crash-event.ts";
import { type CrashFindings, crashFindings } from "./crash/crash-findings.ts";
import { CrashPublisher } from "./crash/crash-publisher.ts";
import { CrashWorkers } from "./crash/crash-workers.ts";
import { whileProgress } from "./crash/while-progress.ts";
import type { BackendOutage } from "./suite/backend-lab.ts";
import { blamed } from "./suite/blamed-events.ts";
import { eventually, pause } from "./suite/eventually.ts";

export {
	type CrashBackend,
	type RelayCrashOptions,
	type RelayCrashReport,
	relayCrashCycles,
} from "./crash/relay-crash.ts";
export { type StoreCrashOptions, type StoreCrashReport, storeCrashCycles } from "./crash/store-crash.ts";
export { type ViewCrashOptions, type ViewCrashReport, viewCrashCycles } from "./crash/view-crash.ts";
export type { BackendOutage } from "./suite/backend-lab.ts";

/** The options of `crashCycles`. */
export interface CrashOptions {
	/** The module that exports `broker(url, { ttlMs })`, by `import.meta.resolve("./index.ts")`. */
	readonly module: string;
	readonly url: string;
	/** How often a worker is killed, or suspended for longer than its time to live, or the server is killed. */
	readonly cycles: number;
	/** The time to live of the workers, in milliseconds. Default: 600. */
	readonly ttlMs?: number;
	/** How many workers there are. Default: 3. */
	readonly workers?: number;
	/** The server, which some cycles kill and restart instead. Default: no server is killed. */
	readonly outage?: BackendOutage;
	/** The server is killed in every cycle whose number this divides. Default: 10. */
	readonly outageEvery?: number;
	/** How long the server stays away then, in milliseconds. Default: 0. */
	readonly outageMs?: number;
	/** Ends the run early, after the cycle in hand. The report covers the cycles so far. Default: no early end. */
	readonly signal?: AbortSignal | undefined;
	/** Called with a line about the progress of the run. Default: no reports. */
	readonly progress?: (line: string) => void;
}

/** The result of `crashCycles`. */
export interface CrashReport extends CrashFindings {
	/** How many cycles ran: fewer than `cycles` of the options if the run was ended early. */
	readonly cycles: number;
	/** How many events were acknowledged. */
	readonly acknowledged: number;
	/** When acknowledged events are on disk. A broker that syncs `later` may lose events when its machine fails. */
	readonly syncs: BrokerFeatures["syncs"];
	/** How often an event was handled again. */
	readonly repeats: number;
	readonly kills: number;
	readonly suspensions: number;
	readonly restarts: number;
	/** How long it took at most from a server's return until the next event was handled, in milliseconds. */
	readonly longestReturnMs: number;
	/**
	 * How many events were parked because they were the only ones in hand in two processes that were killed: a broker
	 * cannot tell whether such an event ended its process. The run replayed them, as operators do.
	 */
	readonly blamed: number;
	/** The ids of the poisonous key, in the order in which they were handled after the parked event could be handled. */
	readonly replayed: readonly string[];
	/** Whether `replayed` is the order in which they were published, beginning with the parked event. */
	readonly parkedInOrder: boolean;
	/** How many events of the poisonous key were not handled at last, when none was for two minutes. */
	readonly parkedLeft: number;
	/** The workers' warnings of events that they passed over, and of lanes that they stopped. */
	readonly warnings: readonly string[];
}

const background = Context.background();

/** How far publishers may be ahead of the workers, in events. */
const farthest = 500;
/** How many events are handled after a server is back before it is killed again. */
const loadEvents = 100;
/** How long to wait for progress, in milliseconds, before the run is over. */
const patienceMs = 120_000;

/**
 * Kills and suspends processes that handle events, and finds out whether an event was lost or a key got out of order.
 *
 * @throws Error when the workers make no progress any more.
 */
export async function crashCycles(options: CrashOptions): Promise<CrashReport> {
	const { module, url, ttlMs = 600 } = options;
	const adapter: BrokerModule = await import(module);
	const broker = await adapter.broker(url, { ttlMs });
	try {
		return await new CrashRun(options, broker, ttlMs).run();
	} finally {
		await broker.close();
	}
}

class CrashRun {
	readonly #options: CrashOptions;
	readonly #broker: Broker;
	readonly #ttlMs: number;
	readonly #topic = `crash-${Date.now().toString(36)}`;
	readonly #counts = { cycles: 0, kills: 0, suspensions: 0, restarts: 0, longestReturnMs: 0, blamed: 0 };

	constructor(options: CrashOptions, broker: Broker, ttlMs: number) {
		this.#options = options;
		this.#broker = broker;
		this.#ttlMs = ttlMs;
	}

	async run(): Promise<CrashReport> {
		const { module, url, cycles, workers: size = 3, signal, progress = () => {} } = this.#options;
		const topic = await this.#broker.open(this.#topic, { lanes: 8 }, background);
		const park = topic.features.park === "key" ? "key" : "event";
		await using workers = new CrashWorkers([module, url, this.#topic, park, String(this.#ttlMs)]);
		for (let count = 0; count < size; count++) await workers.start();
		const publisher = new CrashPublisher(topic, background, () => {
			workers.collect();
			return publisher.healthy - workers.first.size < farthest;
		});
		try {
			for (let cycle = 1; cycle <= cycles && !signal?.aborted; cycle++) {
				await this.#cycle(cycle, workers);
				await this.#replayBlamed(park);
				this.#counts.cycles = cycle;
				if (cycle % 10 === 0) progress(this.#line(publisher, workers));
			}
		} finally {
			await publisher.stop();
		}
		await this.#settle(publisher, workers, park);
		await workers.stop();
		const replayed = await this.#replay(publisher, park);
		const poisonous = publisher.acknowledged.filter((id) => keyOf(id) === poisonKey);
		const expected = park === "key" ? poisonous : poisonous.slice(0, 1);
		return {
			...crashFindings(publisher.acknowledged, workers.first),
			...this.#counts,
			syncs: topic.features.syncs,
			acknowledged: publisher.acknowledged.length,
			repeats: workers.handled - workers.first.size,
			replayed,
			warnings: workers.warnings,
			parkedInOrder: replayed.every((id, index) => id === expected[index]),
			parkedLeft: expected.length - replayed.length,
		};
	}

	/** Harms one worker or the server, and waits until the workers have made progress. */
	async #cycle(cycle: number, workers: CrashWorkers): Promise<void> {
		const { outage, outageEvery = 10, outageMs = 0 } = this.#options;
		await workers.work(2);
		workers.collect();
		let goal = workers.first.size + 1;
		if (outage !== undefined && cycle % outageEvery === 0) {
			await outage.kill();
			await pause(outageMs);
			await outage.restart();
			this.#counts.restarts++;
			await this.#handlesAgain(workers);
			// The workers are under load again before the next cycle.
			goal += loadEvents;
		} else if (Math.random() < 0.7) {
			await workers.kill();
			this.#counts.kills++;
			await workers.work(1);
		} else {
			await workers.suspend(() => pause((1.2 + Math.random()) * this.#ttlMs));
			this.#counts.suspensions++;
		}
		await this.#until("the workers handle nothing any more", () => {
			workers.collect();
			return workers.first.size >= goal;
		});
	}

	/** Waits until a new event is handled after a server has come back. */
	async #handlesAgain(workers: CrashWorkers): Promise<void> {
		const back = performance.now();
		workers.collect();
		const before = workers.first.size;
		await this.#until("the workers handle nothing any more, although the server is back", () => {
			workers.collect();
			return workers.first.size > before;
		});
		this.#counts.longestReturnMs = Math.max(
			this.#counts.longestReturnMs,
			Math.round(performance.now() - back),
		);
	}

	/** Waits until everything that can be handled is handled, or nothing was handled for two minutes. */
	async #settle(publisher: CrashPublisher, workers: CrashWorkers, park: "key" | "event"): Promise<void> {
		const expected = publisher.acknowledged.filter((id) => keyOf(id) !== poisonKey);
		await whileProgress(
			() => workers.first.size,
			() =>
				this.#until("not all is handled", async () => {
					await this.#replayBlamed(park);
					workers.collect();
					return expected.every((id) => workers.first.has(id));
				}),
		);
	}

	/**
	 * Replays events that were parked because their processes were killed. A broker that parks single events blames none.
	 * After a restart of the server, a first use of an old connection may fail.
	 */
	async #replayBlamed(park: "key" | "event"): Promise<void> {
		if (park === "event") return;
		const parking = this.#broker.parking(crashGroup(this.#topic, park));
		let which: Which | undefined;
		await eventually(
			async () => {
				// A call that failed may have made the events due, so it is repeated for the same ones.
				which ??= blamed((await parking.list({ limit: 100 }, background)).items);
				if (which !== undefined) this.#counts.blamed += await parking.replay(which, background);
			},
			{ patienceMs },
		);
	}

	/** Lets the events of the poisonous key succeed. Returns their ids in the order in which they are handled now. */
	async #replay(publisher: CrashPublisher, park: "key" | "event"): Promise<string[]> {
		const handled: string[] = [];
		const deliver: Deliver = async ({ event }) => {
			// If a parked event holds nothing back, later ones of its key may merely have been left for this consumer.
			const wasParked = park === "key" ? event.key === poisonKey : event.id === `${poisonKey}-0`;
			if (wasParked && !handled.includes(event.id)) handled.push(event.id);
			return { do: "done" };
		};
		const spec = crashGroup(this.#topic, park);
		await this.#until("the poisonous event is not parked", async () => {
			const { items } = await this.#broker.parking(spec).list({ limit: 10 }, background);
			return items.length > 0;
		}).catch(() => {});
		const consumer = await this.#broker.consume(spec, deliver, background);
		await this.#broker.parking(spec).replay("all", background);
		const all = publisher.acknowledged.filter((id) => keyOf(id) === poisonKey).length;
		const expected = park === "key" ? all : 1;
		await whileProgress(
			() => handled.length,
			() => this.#until("what was parked is not handled", () => handled.length >= expected),
		);
		await consumer.drain(background);
		return handled;
	}

	#line({ acknowledged }: CrashPublisher, { first, handled }: CrashWorkers): string {
		const repeats = handled - first.size;
		return `cycle ${this.#counts.cycles} of ${this.#options.cycles}: ${acknowledged.length} published, ${first.size} handled, ${repeats} of them again`;
	}

	#until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
		return eventually(
			async () => {
				if (!(await holds())) throw new Error(what);
			},
			{ patienceMs, intervalMs: 20 },
		);
	}
}

import { Context } from "@allium/core";
import type { Broker, BrokerFeatures, Delivered, GroupSpec } from "@allium/core/event";
import type { EventStore } from "@allium/core/store";
import type { EventStoreModule } from "../store/account-event.ts";
import type { BackendOutage } from "../suite/backend-lab.ts";
import { blamed } from "../suite/blamed-events.ts";
import { eventually, pause } from "../suite/eventually.ts";
import { type BrokerModule, numberOf } from "./crash-event.ts";
import { type CrashFindings, crashFindings } from "./crash-findings.ts";
import { happenedEvents } from "./happened.ts";
import { RelayCrashWorkers } from "./relay-crash-workers.ts";

/** A backend, and the module of its adapter, by `import.meta.resolve("./index.ts")`. */
export interface CrashBackend {
	readonly module: string;
	readonly url: string;
}

/** The options of `relayCrashCycles`. */
export interface RelayCrashOptions {
	/** The event store. Its module exports `eventStore(url, options)` and `broker(url, { ttlMs })`. */
	readonly store: CrashBackend;
	/** The broker to which the events are forwarded. Its module exports `broker(url, { ttlMs })`. */
	readonly broker: CrashBackend;
	/** How often a relay is killed, or suspended for longer than its time to live, or the broker is killed. */
	readonly cycles: number;
	/** The time to live of the relays, in milliseconds. Default: 600. */
	readonly ttlMs?: number;
	/** How many relays there are. Default: 2. */
	readonly workers?: number;
	/** The server of the broker, which every second cycle kills and restarts instead. Default: no server is killed. */
	readonly outage?: BackendOutage;
	/** Ends the run early, after the cycle in hand. The report covers the cycles so far. Default: no early end. */
	readonly signal?: AbortSignal | undefined;
	/** Called with a line about the progress of the run. Default: no reports. */
	readonly progress?: (line: string) => void;
}

/** The result of `relayCrashCycles`. */
export interface RelayCrashReport extends CrashFindings {
	/** How many cycles ran: fewer than `cycles` of the options if the run was ended early. */
	readonly cycles: number;
	readonly kills: number;
	readonly suspensions: number;
	readonly restarts: number;
	/** How many events were appended. */
	readonly acknowledged: number;
	/** How often the broker has an event a second time. */
	readonly doubles: number;
	/** For how long the broker recognises repeated events, in milliseconds; 0 if it does not. */
	readonly dedupeMs: number;
	/**
	 * How many events were parked because they were the only ones in hand in two processes that were killed: see
	 * `crashCycles`.
	 */
	readonly blamed: number;
}

const background = Context.background();

/** How far the appends may be ahead of the relays, in rounds: lost events do not end the appends. */
const farthest = 50;
/** The pause between appends, in milliseconds. It leaves the machine time for the relays. */
const appendEveryMs = 25;
/** How long to wait for progress, in milliseconds, before the run is over. */
const patienceMs = 120_000;

/**
 * Kills and suspends processes that forward the events of an event store to a broker, and kills the broker, and finds out
 * whether an event was lost, doubled, or got out of order in its key.
 *
 * @throws Error when the relays make no progress any more.
 */
export async function relayCrashCycles(options: RelayCrashOptions): Promise<RelayCrashReport> {
	const { ttlMs = 600 } = options;
	const storeAdapter: EventStoreModule & BrokerModule = await import(options.store.module);
	const brokerAdapter: BrokerModule = await import(options.broker.module);
	const opened: { close(): Promise<void> }[] = [];
	const kept = <Port extends { close(): Promise<void> }>(port: Port): Port => {
		opened.push(port);
		return port;
	};
	try {
		const store = kept(await storeAdapter.eventStore(options.store.url, {}));
		const source = kept(await storeAdapter.broker(options.store.url, { ttlMs }));
		const target = kept(await brokerAdapter.broker(options.broker.url, { ttlMs }));
		return await new RelayCrashRun(options, store, source, target).run();
	} finally {
		await Promise.all(opened.map((port) => port.close()));
	}
}

class RelayCrashRun {
	readonly #options: RelayCrashOptions;
	readonly #store: EventStore;
	readonly #source: Broker;
	readonly #target: Broker;
	readonly #topic = `relay-${Date.now().toString(36)}`;
	readonly #counts = { cycles: 0, kills: 0, suspensions: 0, restarts: 0, blamed: 0 };
	/** The ids of appended events, in the order of their keys. */
	readonly #acknowledged: string[] = [];
	/** When each event was first seen behind the broker, in the order in which they came. */
	readonly #first = new Map<string, number>();
	/** The last round of which an event was seen behind the broker. */
	#latest = 0;
	#seen = 0;

	constructor(options: RelayCrashOptions, store: EventStore, source: Broker, target: Broker) {
		this.#options = options;
		this.#store = store;
		this.#source = source;
		this.#target = target;
	}

	async run(): Promise<RelayCrashReport> {
		const {
			store,
			broker,
			cycles,
			workers: size = 2,
			ttlMs = 600,
			signal,
			progress = () => {},
		} = this.#options;
		await this.#store.log.open(this.#topic, { lanes: 8 }, background);
		const { features } = await this.#target.open(this.#topic, { lanes: 8 }, background);
		const consumer = await this.#target.consume(
			this.#group(features),
			(event) => this.#take(event),
			background,
		);
		const args = [store.module, store.url, broker.module, broker.url, this.#topic, String(ttlMs)];
		await using workers = new RelayCrashWorkers(args);
		await Promise.all(Array.from({ length: size }, () => workers.start()));
		const { ctx, cancel } = background.withCancel();
		const appending = this.#append(ctx);
		try {
			for (let cycle = 1; cycle <= cycles && !signal?.aborted; cycle++) {
				await this.#cycle(cycle, workers);
				this.#counts.cycles = cycle;
				if (cycle % 10 === 0)
					progress(
						`cycle ${cycle} of ${cycles}: ${this.#acknowledged.length} appended, ${this.#seen} forwarded`,
					);
			}
		} finally {
			cancel();
			await appending;
		}
		// An event that does not arrive before the last event of its key is lost.
		const last = await appending;
		await this.#until(() => last.every((id) => this.#first.has(id)));
		await workers.stop();
		await consumer.drain(background.withTimeout(30_000));
		return {
			...crashFindings(this.#acknowledged, this.#first),
			...this.#counts,
			acknowledged: this.#acknowledged.length,
			doubles: (await this.#kept()) - this.#first.size,
			dedupeMs: features.dedupeMs,
		};
	}

	#group({ keyOrder, park, replay }: BrokerFeatures): GroupSpec {
		if (!keyOrder) throw new Error("the broker keeps no order, so that none can be looked for");
		return {
			topic: this.#topic,
			group: "crash",
			from: replay ? "start" : "now",
			handles: { happened: 1 },
			concurrency: 16,
			bytes: 4 * 1024 * 1024,
			each: false,
			park: park === "key" ? "key" : "event",
		};
	}

	async #take({ event }: Delivered): Promise<{ readonly do: "done" }> {
		this.#seen++;
		if (!this.#first.has(event.id)) this.#first.set(event.id, this.#seen);
		this.#latest = Math.max(this.#latest, numberOf(event.id));
		return { do: "done" };
	}

	/** How many events the broker has: those that it keeps, or, if it keeps none, those that it delivered. */
	async #kept(): Promise<number> {
		const topic = await this.#target.log?.find(this.#topic, background);
		if (topic === undefined) return this.#seen;
		const lanes = await topic.behind(await topic.at("start", background), background);
		return [...lanes.values()].reduce((sum, { events }) => sum + events, 0);
	}

	/**
	 * Appends until the context ends, and one round after it, which no kill follows. Resolves to the ids of that round,
	 * the last events of all keys.
	 */
	async #append(ctx: Context): Promise<readonly string[]> {
		for (let round = 0; ; round++) {
			const isLast = ctx.error !== undefined;
			const ids = await this.#appendRound(round);
			if (isLast) return ids;
			do await pause(appendEveryMs);
			while (ctx.error === undefined && round - this.#latest > farthest);
		}
	}

	/** Appends under the same ids until they are acknowledged. */
	async #appendRound(round: number): Promise<readonly string[]> {
		const topic = this.#topic;
		const parts = happenedEvents(topic, round).map((event) => ({
			stream: `${topic}/${event.key}`,
			topic,
			expected: "any" as const,
			events: [event],
		}));
		await eventually(() => this.#store.append(parts, background.withTimeout(5_000)), { patienceMs });
		const ids = parts.flatMap(({ events }) => events.map(({ id }) => id));
		this.#acknowledged.push(...ids);
		return ids;
	}

	/** Harms a relay or the broker, and waits until events are forwarded again. */
	async #cycle(cycle: number, workers: RelayCrashWorkers): Promise<void> {
		const { outage, ttlMs = 600 } = this.#options;
		await workers.work(1);
		await pause(Math.random() * 200);
		let goal = this.#first.size + 1;
		if (outage !== undefined && cycle % 2 === 0) {
			await outage.kill();
			await pause(Math.random() * 500);
			await outage.restart();
			this.#counts.restarts++;
			// Events that were forwarded before may still be on their way to the reader.
			goal = this.#acknowledged.length;
		} else if (Math.random() < 0.7) {
			await workers.kill();
			this.#counts.kills++;
			await workers.work(1);
		} else {
			await workers.suspend(() => pause((1.2 + Math.random()) * ttlMs));
			this.#counts.suspensions++;
		}
		await this.#until(() => this.#first.size >= goal);
	}

	async #until(holds: () => boolean): Promise<void> {
		await eventually(
			async () => {
				await this.#replayBlamed();
				if (!holds()) throw new Error("the relays do not go on");
			},
			{ patienceMs, intervalMs: 20 },
		);
	}

	/** Replays events that were parked because their processes were killed, as operators do. */
	async #replayBlamed(): Promise<void> {
		const parking = this.#source.parking({ topic: this.#topic, group: "relay" });
		const { items } = await parking.list({ limit: 100 }, background);
		const which = blamed(items);
		if (which !== undefined) this.#counts.blamed += await parking.replay(which, background);
	}
}

import type { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import { checkedLogger } from "../logger/checked-logger.ts";
import { type Logger, silentLogger } from "../logger/logger.ts";
import { checkDuration } from "../time/duration.ts";
import type { Broker, BrokerFeatures, BrokerTopic, Consumer, Deliver, GroupSpec, Parking } from "./broker.ts";
import { GroupConsumer } from "./engine/group-consumer.ts";
import { GroupParking } from "./engine/group-parking.ts";
import { Membership } from "./engine/membership.ts";
import { Turns } from "./engine/turns.ts";
import type { GroupId, GroupState } from "./group-state.ts";
import type { Log, TopicLog, TopicOptions } from "./log.ts";
import { memoryGroupState } from "./memory-group-state.ts";

/** How a broker over a log works. All processes of a group are given the same. */
export interface LogBrokerOptions {
	/** How long a process keeps its lanes after its last renewal, in milliseconds. Default: 5000. */
	readonly ttlMs?: number;
	/** How long a settled event waits at most to be saved together with others, in milliseconds. Default: 50. */
	readonly saveMs?: number;
	/** After how many settled events a lane is saved without waiting. Default: 256. */
	readonly saveEvents?: number;
	/** How many events of a lane may be deferred before the lane stops; a held key counts as one. Default: 10,000. */
	readonly deferredBound?: number;
	/** Default: a logger that writes nothing. */
	readonly logger?: Logger;
}

/**
 * Delivers the events of a log to groups: in order per key, at least once, with retries, parking and delays. All
 * backends with a log and a state of groups share it. It closes the log and the state with itself.
 *
 * @throws RangeError for an option that is out of range.
 */
export function logBroker(log: Log, state: GroupState, options: LogBrokerOptions = {}): Broker {
	return new LogBroker(log, state, options);
}

/** A state of groups, and the member that this process is in it. */
interface Home {
	readonly state: GroupState;
	readonly membership: Membership;
}

class LogBroker implements Broker {
	readonly log: Log;
	readonly state: GroupState;
	readonly #options: Required<LogBrokerOptions>;
	readonly #turns = new Turns();
	readonly #shared: Home;
	/** The home of groups that belong to this process alone. */
	#own: Home | undefined;
	readonly #consumers = new Map<string, GroupConsumer | "starting">();
	#closed: Promise<void> | undefined;

	constructor(log: Log, state: GroupState, options: LogBrokerOptions) {
		this.log = log;
		this.state = state;
		this.#options = {
			ttlMs: checkDuration("ttlMs of logBroker()", options.ttlMs ?? 5_000, "positive"),
			saveMs: checkDuration("saveMs of logBroker()", options.saveMs ?? 50, "finite"),
			saveEvents: checkCount("saveEvents", options.saveEvents ?? 256),
			deferredBound: checkCount("deferredBound", options.deferredBound ?? 10_000),
			logger: checkedLogger(options.logger ?? silentLogger),
		};
		this.#shared = this.#home(state);
	}

	get location(): string | undefined {
		return this.log.location;
	}

	async open(name: string, options: TopicOptions, ctx: Context): Promise<BrokerTopic> {
		this.#check();
		const topic = await this.log.open(name, options, ctx);
		return {
			topic: name,
			lanes: topic.lanes,
			features: featuresOf(topic),
			get retainMs() {
				return topic.retainMs;
			},
			publish: (events, ctx) => topic.append(events, ctx),
		};
	}

	async consume(spec: GroupSpec, deliver: Deliver, ctx: Context): Promise<Consumer> {
		this.#check();
		const name = JSON.stringify([spec.topic, spec.group]);
		if (this.#consumers.has(name)) throw twice(spec);
		this.#consumers.set(name, "starting");
		try {
			const consumer = await this.#start(spec, deliver, ctx, () => this.#consumers.delete(name));
			this.#consumers.set(name, consumer);
			if (this.#closed !== undefined) await consumer.close();
			this.#check();
			return consumer;
		} catch (error) {
			if (this.#consumers.get(name) === "starting") this.#consumers.delete(name);
			throw error;
		}
	}

	parking(id: GroupId): Parking {
		return new GroupParking(id, this.log, this.state);
	}

	close(): Promise<void> {
		this.#closed ??= this.#close();
		return this.#closed;
	}

	async #close(): Promise<void> {
		const consumers = [...this.#consumers.values()].filter((consumer) => consumer !== "starting");
		await Promise.all(consumers.map((consumer) => consumer.close()));
		await Promise.all([this.log.close(), this.state.close(), this.#own?.state.close()]);
	}

	/** Makes the group, joins it, and begins to work. */
	async #start(spec: GroupSpec, deliver: Deliver, ctx: Context, ended: () => void): Promise<GroupConsumer> {
		const topic = await this.log.open(spec.topic, {}, ctx);
		if (spec.each) this.#own ??= this.#home(memoryGroupState());
		const { state, membership } = (spec.each ? this.#own : undefined) ?? this.#shared;
		const store = state.group(spec);
		await store.create(await topic.at(spec.each ? "now" : spec.from, ctx), ctx);
		await store.join({ id: membership.id, handles: spec.handles }, ctx);
		const turns = this.#turns;
		return new GroupConsumer({ ...this.#options, turns, spec, deliver, topic, store, membership, ended });
	}

	#home(state: GroupState): Home {
		const { ttlMs, logger } = this.#options;
		return { state, membership: new Membership({ state, ttlMs, logger }) };
	}

	#check(): void {
		if (this.#closed === undefined) return;
		throw new ServiceError({ code: "failed_precondition", message: "the broker is closed" });
	}
}

function featuresOf({ features }: TopicLog): BrokerFeatures {
	return { ...features, keyOrder: true, replay: true, delay: true, park: "key", fenced: true };
}

function twice({ topic, group }: GroupId): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		message: `this process works on the group ${group} of the topic ${topic} already; give the second subscription a group of its own`,
	});
}

function checkCount(option: string, count: number): number {
	if (Number.isInteger(count) && count > 0) return count;
	throw new RangeError(`${option} of logBroker() takes a positive integer; it was given ${String(count)}`);
}

import type { Context } from "../context/context.ts";
import type { AnyContract } from "../contract/contract.ts";
import { whileLasts } from "../endpoint/detached-call.ts";
import type { Logger } from "../logger/logger.ts";
import { SparingLog } from "../logger/sparing-log.ts";
import type { Broker, BrokerTopic, Delivered, Verdict } from "./broker.ts";
import type { GroupId } from "./group-state.ts";
import { guaranteesOf } from "./guarantees.ts";
import { type CheckedOptions, checkedOptions } from "./subscribe-options.ts";
import type { BegunSubscription } from "./subscription.ts";
import { verdictOn } from "./verdict.ts";

/** The group that forwards. */
const group = "relay";

/** How long an event waits for a process that knows its type, in milliseconds. */
const unknownMs = 5_000;

/** Options of {@link Relay}. */
export interface RelayOptions {
	readonly contract: AnyContract;
	/** A broker over the log of the event store. */
	readonly source: Broker;
	readonly target: Broker;
	readonly logger: Logger;
}

/**
 * Forwards the events of a contract from the log of an event store to a broker elsewhere: in order per key, and under
 * their own ids, so that a broker that recognizes duplicates takes each event once. Private events stay in the store. A
 * relay is a group like any other, with lag, retries and parking.
 */
export class Relay {
	readonly id: GroupId;
	readonly options: CheckedOptions;
	readonly #options: RelayOptions;
	readonly #log: SparingLog;

	constructor(options: RelayOptions) {
		const topic = options.contract["~allium"].name;
		this.id = { topic, group };
		this.#options = options;
		this.options = checkedOptions(`the relay of ${topic}`, { from: "start" });
		this.#log = new SparingLog(options.logger);
	}

	/** Begins to forward. Resolves once the group exists. */
	async begin(ctx: Context): Promise<BegunSubscription> {
		const { contract, source, target } = this.#options;
		const { concurrency, bytes, from } = this.options;
		const topic = await whileLasts(target.open(this.id.topic, {}, ctx), ctx);
		const handles = Object.fromEntries(
			contract["~allium"].events.map(({ name, version }) => [name, version]),
		);
		const spec = { ...this.id, from, handles, concurrency, bytes, each: false, park: "key" } as const;
		const deliver = (delivered: Delivered, lane: Context): Promise<Verdict> =>
			this.#forward(topic, delivered, lane);
		const consumer = await whileLasts(source.consume(spec, deliver, ctx), ctx);
		const { features } = await whileLasts(source.open(this.id.topic, {}, ctx), ctx);
		return { consumer, guarantees: guaranteesOf("the relay", { from }, features, source.location) };
	}

	async #forward(topic: BrokerTopic, { event, fault, attempt }: Delivered, lane: Context): Promise<Verdict> {
		if (fault !== undefined)
			return { do: "park", error: { code: "data_loss", reason: "not_an_event", message: fault } };
		const declared = this.#options.contract["~allium"].events.find(({ type }) => type === event.type);
		if (declared === undefined) return unknownType(event.type);
		if (declared.private) return { do: "done" };
		const ctx = lane.withTimeout(this.options.timeoutMs);
		try {
			await whileLasts(topic.publish([event], ctx), ctx);
			return { do: "done" };
		} catch (error) {
			const verdict = verdictOn(error, attempt, this.options.retry);
			const facts = { event: event.type, id: event.id, error };
			if (verdict.do === "park")
				this.#log.log("error", "an event cannot be forwarded to the broker, and is parked", facts);
			else this.#log.warn("an event was not forwarded to the broker, and will be tried again", facts);
			return verdict;
		}
	}
}

/** Only a process of another version, such as the one that wrote the event, knows whether it is private. */
function unknownType(type: string): Verdict {
	const message = `this version of the contract has no event ${type}, so that it is not known whether it is private`;
	return {
		do: "retry",
		afterMs: unknownMs,
		blameless: true,
		error: { code: "failed_precondition", message },
	};
}

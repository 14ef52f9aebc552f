import type { Context } from "../context/context.ts";
import type { EventRecord } from "./event-record.ts";
import type { DeferredInLane, GroupId, GroupState, HandlingError, Slice, Which } from "./group-state.ts";
import type { Log, LogFeatures, Placed, Receipt, TopicOptions } from "./log.ts";
import type { ServerReport } from "./server-report.ts";

/**
 * The guarantees of a broker. A subscription that asks for a missing one fails at start; a default falls back to what
 * the broker offers.
 */
export interface BrokerFeatures extends LogFeatures {
	/** Whether events of one key are handled in order. */
	readonly keyOrder: boolean;
	/** Whether a group can begin at the start or at a time, and be put back. */
	readonly replay: boolean;
	/** Whether events can wait for their time. */
	readonly delay: boolean;
	/**
	 * What a parked event can hold back: the events of its key, or only itself. `false` if the broker cannot park events.
	 */
	readonly park: "key" | "event" | false;
	/** Whether the checkpoint of a member that lost its lanes is refused. */
	readonly fenced: boolean;
}

/** A topic that is open for publishing. */
export interface BrokerTopic {
	readonly topic: string;
	readonly lanes: number;
	readonly features: BrokerFeatures;
	/** As {@link TopicLog.retainMs}. Infinity where the broker keeps each event until its groups have handled it. */
	readonly retainMs: number;
	/** As {@link TopicLog.append}. */
	publish(events: readonly EventRecord[], ctx: Context): Promise<readonly Receipt[]>;
}

/** An event that is to be handled. */
export interface Delivered extends Placed {
	/** The first is 1. */
	readonly attempt: number;
	/** The claim under which it is handled. A sink that refuses smaller epochs is safe from a member that was paused. */
	readonly epoch: number;
	/** Whether it had failed before and an operator replayed it. */
	readonly isReplay: boolean;
}

/** The decision about an event after an attempt. The core makes it, and the broker carries it out. */
export type Verdict =
	| { readonly do: "done" }
	/** `blameless`: the fault is not the event's, so that the attempt does not count. */
	| {
			readonly do: "retry";
			readonly afterMs: number;
			readonly blameless: boolean;
			readonly error: HandlingError;
	  }
	| { readonly do: "park"; readonly error: HandlingError };

/** Handles one event. Never rejects. The context ends when the lane is lost or the consumer is closed. */
export type Deliver = (delivered: Delivered, ctx: Context) => Promise<Verdict>;

/** The specification of a group, as a process of it gives it to the broker. */
export interface GroupSpec extends GroupId {
	/** The place where the group begins if it does not exist yet. */
	readonly from: "start" | "now" | Date;
	/** The events that it handles, by name, and the newest version of each. All other events are passed over. */
	readonly handles: Readonly<Record<string, number>>;
	/** The events that no process of the group handles, by name: no newer one has to be looked for. Default: none. */
	readonly ignores?: readonly string[];
	/** How many events are handled at once. */
	readonly concurrency: number;
	/** How many bytes of events are in memory at most. */
	readonly bytes: number;
	/** Every process gets all events, from now on. Nothing is kept. */
	readonly each: boolean;
	readonly park: "key" | "event";
}

/** How a consumer is doing. A number that is not known is missing. */
export interface ConsumerReport {
	/** Events that are not settled. */
	readonly lag?: number;
	/** The age of the oldest of these, in seconds. */
	readonly lagSeconds?: number;
	readonly retrying?: number;
	readonly parked?: number;
	readonly delayed?: number;
	/**
	 * For how long the topic still keeps the oldest event in the lanes of this process that is not settled, parked ones
	 * included, in seconds.
	 */
	readonly keptForSeconds?: number;
	/** The lanes that this process holds. */
	readonly lanes: number;
	/** Events of unknown types that were passed over by this process. */
	readonly passedOver: number;
	/** The reason why the group or a part of it does not go on, and the remedy. */
	readonly trouble?: string;
	/** A failure that is about to happen although the group goes on, and the remedy. */
	readonly warning?: string;
}

/** A group that is being worked on by this process. */
export interface Consumer {
	/** Takes no further events, and finishes and saves the events in hand. */
	drain(ctx: Context): Promise<void>;
	/** Ends at once. Events in hand are handled again, here or elsewhere. */
	close(): Promise<void>;
	report(ctx: Context): Promise<ConsumerReport>;
}

/** The parked events of a group. */
export interface Parking {
	list(page: { readonly after?: string; readonly limit: number }, ctx: Context): Promise<Slice<ParkedEvent>>;
	replay(which: Which, ctx: Context): Promise<number>;
	discard(which: Which, ctx: Context): Promise<number>;
}

/** A parked event. Its record is undefined when the topic keeps it no longer. */
export interface ParkedEvent extends DeferredInLane {
	readonly event: EventRecord | undefined;
}

/** Durable publish and subscribe. */
export interface Broker {
	/** The location of the broker as a URL for people to read: complete, but without secrets. */
	readonly location?: string | undefined;
	/** Opens a topic for publishing. Makes it when it is missing. */
	open(topic: string, options: TopicOptions, ctx: Context): Promise<BrokerTopic>;
	/** Works on a group. Resolves once the group exists, so that nothing published later is missed. */
	consume(spec: GroupSpec, deliver: Deliver, ctx: Context): Promise<Consumer>;
	/** The parked events of a group. */
	parking(id: GroupId): Parking;
	/** The log of events, for tools. Undefined if the broker keeps no events. */
	readonly log?: Log | undefined;
	/** The state of groups, which tools read and change. Undefined if the broker does not keep it. */
	readonly state?: GroupState | undefined;
	/** Looks at the server and its settings, for `allium doctor`, where no {@link Log} does. */
	server?(ctx: Context): Promise<ServerReport>;
	close(): Promise<void>;
}

/**
 * The ports of messaging, for adapters: `@allium/core/event`. Services and clients do not need it.
 */

export { fnv1a } from "./encoding/fnv1a.ts";
export type {
	Broker,
	BrokerFeatures,
	BrokerTopic,
	Consumer,
	ConsumerReport,
	Deliver,
	Delivered,
	GroupSpec,
	ParkedEvent,
	Parking,
	Verdict,
} from "./event/broker.ts";
export { cursorAt, positionOf } from "./event/cursor.ts";
export type { EventRecord } from "./event/event-record.ts";
export { eventText, parseEvent, readEventObject } from "./event/event-text.ts";
export { GroupMetrics, type MeasuredGroup } from "./event/group-metrics.ts";
export type {
	Deferred,
	DeferredInLane,
	Delayed,
	GroupId,
	GroupReport,
	GroupState,
	GroupStore,
	GroupSummary,
	HandlingError,
	LaneChange,
	LaneLease,
	LaneReport,
	LaneState,
	Member,
	MemberReport,
	Slice,
	Trying,
	Which,
} from "./event/group-state.ts";
export { type Guarantees, guaranteesOf } from "./event/guarantees.ts";
export { laneOf } from "./event/lane-of.ts";
export { LanePause } from "./event/lane-pause.ts";
export {
	type Behind,
	type Cursor,
	type Cursors,
	defaultLanes,
	defaultMaxEventBytes,
	defaultRetainMs,
	type Log,
	type LogFeatures,
	type Page,
	type PageBounds,
	type Placed,
	type Receipt,
	type TopicLog,
	type TopicOptions,
} from "./event/log.ts";
export { placedText, type TextPlace } from "./event/placed-text.ts";
export { Publisher, type PublisherOptions } from "./event/publisher.ts";
export { readEvent } from "./event/read-event.ts";
export { Relay, type RelayOptions } from "./event/relay.ts";
export type { ServerReport, ServerWarning } from "./event/server-report.ts";
export { stamped } from "./event/stamped.ts";
export { type CheckedOptions, checkedOptions } from "./event/subscribe-options.ts";
export {
	type BegunSubscription,
	Subscription,
	type SubscriptionOptions,
} from "./event/subscription.ts";
export { verdictOn } from "./event/verdict.ts";
export { Waiters } from "./event/waiters.ts";

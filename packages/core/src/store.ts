/**
 * The ports of event sourcing, for adapters, and what deciders share with publishing and with `once`:
 * `@allium/core/store`. Services and clients do not need it.
 */

export { peerOf } from "./context/principal.ts";
export { isDeclared } from "./contract/declared-error.ts";
export { sha256 } from "./encoding/sha256.ts";
export { EventIds } from "./event/event-ids.ts";
export { stamped } from "./event/stamped.ts";
export { type ValidEvent, validEvent } from "./event/valid-event.ts";
export { dataText, stableJson } from "./json/stable-json.ts";
export { keyReused, OnceOutcomes } from "./middleware/once-outcome.ts";
export {
	type AppendFacts,
	checkAppends,
	type KnownEvent,
	type PlannedAppend,
	planAppends,
} from "./store/append-plan.ts";
export { byCodePoints } from "./store/code-points.ts";
export type {
	Append,
	Appended,
	EventStore,
	EventStoreFeatures,
	Expected,
	Outcome,
	Snapshot,
	Sql,
	SqlRow,
	SqlValue,
	StoreTransaction,
	StreamEvent,
	StreamPage,
	StreamRange,
	StreamSummary,
} from "./store/event-store.ts";
export {
	type EventStoreOwner,
	loggerOf,
	type OwnedEventStore,
	ownerOf,
} from "./store/event-store-owner.ts";
export { outcomeKnown, sqlNotOffered, transactionEnded, wrongVersion } from "./store/store-errors.ts";
export {
	checkDefinition,
	checkViewName,
	noSql,
	noSuchView,
	notBuilt,
	tellsMore,
	viewLeaseLost,
} from "./store/view-errors.ts";
export { type MeasuredView, ViewMetrics, type ViewNumbers } from "./store/view-metrics.ts";
export type {
	DocumentQuery,
	ParkedKey,
	StoredDocument,
	ViewBuild,
	ViewBuildId,
	ViewBuildReport,
	ViewChange,
	ViewDefinition,
	ViewLease,
	ViewPlaces,
	ViewReport,
	ViewStore,
	ViewStoreFeatures,
	ViewTransaction,
	ViewVersionId,
} from "./store/view-store.ts";

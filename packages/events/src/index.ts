export type { EventStore } from "@allium/core/store";
export { type Commands, commands, type Replies } from "./decider/commands.ts";
export { decided } from "./decider/decided.ts";
export { type AnyDecider, type Decider, type DeciderInit, decider } from "./decider/decider.ts";
export type { Decision, Decisions, DecisionTools, Evolution, InputOf } from "./decider/decision.ts";
export { evolved, evolvedByStored } from "./decider/evolved.ts";
export { type Handled, handle } from "./decider/handle.ts";
export { type Loaded, load } from "./decider/load.ts";
export { after, positionsOf, tellPosition } from "./position/after.ts";
export {
	checkLog,
	isPassed,
	type Position,
	parsePosition,
	positionText,
	receiptAt,
} from "./position/position.ts";
export {
	type DocumentsOptions,
	type DocumentsPart,
	type DocumentsReader,
	documents,
	type FieldValue,
	type FindDocuments,
	type Folds,
	fold,
	type KeyedDocument,
} from "./view/documents.ts";
export {
	on,
	type ProjectionHandler,
	type ProjectionHandlers,
	type ProjectionOptions,
	type ProjectionPart,
	type ProjectionReader,
	projection,
} from "./view/projection.ts";
export type { ProjectionTransaction } from "./view/projection-transaction.ts";
export type { ReachedPosition } from "./view/reached-position.ts";
export type { RunningView, View, ViewHost, ViewLog, ViewStatus } from "./view/view.ts";
export type { ViewEvent } from "./view/view-event.ts";
export { type ExportedJournal, type Replayed, replayed } from "./workflow/replayed.ts";
export type { NamedStepOptions, ReceiveOptions, Recorded, Run, StepOptions } from "./workflow/run.ts";
export type { RunsHost } from "./workflow/run-executor.ts";
export type { RunsGroup, WorkflowRuns } from "./workflow/runs.ts";
export {
	type StartEvent,
	type Workflow,
	type WorkflowCode,
	type WorkflowOptions,
	workflow,
} from "./workflow/workflow.ts";

/**
 * The journals of workflows, for programs other than the runs that read or write them: the command `allium workflows`.
 */
export { Journal, type JournalFacts } from "./workflow/journal.ts";
export { journalContract, prefixOf, streamOf, topicOf } from "./workflow/journal-contract.ts";
export type { Entry, Expecting, Fact, Parked, StepKind, Waiting } from "./workflow/journal-entry.ts";
export { type RunState, type RunStatus, stateOf } from "./workflow/journal-state.ts";
export type { RecordedError } from "./workflow/recorded-error.ts";
export type { ExportedJournal } from "./workflow/replayed.ts";
export { type RunSummary, runSummary } from "./workflow/run-summary.ts";

/**
 * The engine that delivers the events of a log to groups, for adapters, with the log and the groups in memory:
 * `@allium/core/log-broker`. It stands apart from `@allium/core/event`, so that only a process with events loads it.
 */

export { type GroupNumbers, type GroupReportSources, groupReport } from "./event/engine/group-report.ts";
export { oldestRetried } from "./event/engine/oldest-retried.ts";
export { type LogBrokerOptions, logBroker } from "./event/log-broker.ts";
export { type MemoryBrokerOptions, memoryBroker } from "./event/memory-broker.ts";
export { type MemoryGroupStateOptions, MemoryGroups, memoryGroupState } from "./event/memory-group-state.ts";
export { type MemoryLogOptions, MemoryTopics, memoryLog } from "./event/memory-log.ts";

export type { ArrivalPattern } from "./arrivals.ts";
export { Histogram, type HistogramSummary, reportedPercentiles } from "./histogram.ts";
export { load } from "./load.ts";
export type { LoadCall, LoadOptions } from "./load-options.ts";
export type { LoadFailure, LoadReport, LoadWindow } from "./load-report.ts";

import { formatAge } from "../text/duration.ts";
import type { BuildFacts } from "./view-facts.ts";

/** Two builds fit into a line of a terminal. */
const width = 10;

/** The progress of a build, for people: `[###-------] 37 %, 12s left`. */
export function progressText(facts: BuildFacts): string {
	const { total, lag, leftSeconds } = facts;
	if (total === undefined || lag === undefined) return "?";
	const share = shareOf(facts) ?? 0;
	const percent = `${Math.floor(share * 100)} %`;
	if (facts.state !== "building") return percent;
	const done = Math.floor(share * width);
	const bar = `[${"#".repeat(done)}${"-".repeat(width - done)}] ${percent}`;
	return leftSeconds === undefined ? bar : `${bar}, ${formatAge(Math.ceil(leftSeconds) * 1_000)} left`;
}

/** The share of the events that a build has, from 0 to 1. Undefined while it is unknown. */
export function shareOf({ total, lag }: BuildFacts): number | undefined {
	if (total === undefined || lag === undefined) return undefined;
	return total === 0 ? 1 : Math.max(0, total - lag) / total;
}

// Kills processes that project views, and looks for events that a view lacks or has twice: see crash.ts.
import { viewCrashCycles } from "@allium/testing/crash";
import { count, duration, table } from "../soak/table.ts";
import { cyclesText, type EndsEarly } from "./early-end.ts";
import type { ViewCrashArguments } from "./options.ts";

/** Runs it, and prints the result. Returns whether no fault was found. */
export async function crashViews(options: ViewCrashArguments & EndsEarly): Promise<boolean> {
	const began = performance.now();
	const report = await viewCrashCycles({
		...options,
		module: import.meta.resolve(options.module),
		progress: (line) => console.error(line),
	});
	const { kills, suspensions, rebuilds, switches, events, faults, warnings } = report;
	console.log(
		table([
			["cycles", cyclesText(report.cycles, options.cycles)],
			["time", duration(performance.now() - began)],
			["killed with kill -9", count(kills)],
			["suspended beyond the lease", count(suspensions)],
			["builds begun again", count(rebuilds)],
			["readers put back to an older build", count(switches)],
			["events", count(events)],
			["left out, taken twice or out of order, reads that went back", count(faults.length)],
		]),
	);
	for (const fault of faults.slice(0, 20)) console.log(fault);
	if (faults.length === 0) return true;
	for (const warning of warnings.slice(-20)) console.log(`a worker said: ${warning}`);
	return false;
}

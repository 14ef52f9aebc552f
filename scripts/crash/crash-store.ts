// Kills processes that write to an event store, and looks for appends that are lost, torn or doubled: see crash.ts.
import { storeCrashCycles } from "@allium/testing/crash";
import { count, duration, table } from "../soak/table.ts";
import { cyclesText, type EndsEarly } from "./early-end.ts";
import type { StoreCrashArguments } from "./options.ts";

/** Runs it, and prints the result. Returns whether no fault was found. */
export async function crashStore(options: StoreCrashArguments & EndsEarly): Promise<boolean> {
	const began = performance.now();
	const { kills, acknowledged, faults } = await storeCrashCycles({
		...options,
		module: import.meta.resolve(options.module),
		progress: (line) => console.error(line),
	});
	console.log(
		table([
			["time", duration(performance.now() - began)],
			["writers killed with kill -9", cyclesText(kills, options.cycles)],
			["appends to two streams acknowledged", count(acknowledged)],
			["lost, torn, doubled or out of order", count(faults.length)],
		]),
	);
	for (const fault of faults.slice(0, 20)) console.log(fault);
	return faults.length === 0;
}

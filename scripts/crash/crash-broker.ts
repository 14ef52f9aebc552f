// Kills processes that handle events, or the server, and looks for events that are lost or out of order: see crash.ts.
import { crashCycles } from "@allium/testing/crash";
import { count, duration, table } from "../soak/table.ts";
import { cyclesText, type EndsEarly } from "./early-end.ts";
import type { CrashArguments } from "./options.ts";
import { type OwnServer, startOwnServer } from "./own-server.ts";

/** Runs it, and prints the result. Returns whether no fault was found. */
export async function crashBroker(options: CrashArguments & EndsEarly): Promise<boolean> {
	if (options.kill === "workers") return run(options);
	await using own = await startOwnServer(options.url);
	return await run(options, own);
}

/** @param own The server that is killed. */
async function run(options: CrashArguments & EndsEarly, own?: OwnServer): Promise<boolean> {
	const began = performance.now();
	const report = await crashCycles({
		...options,
		module: import.meta.resolve(options.module),
		progress: (line) => console.error(line),
		...(own === undefined
			? {}
			: { url: own.url, outage: own.outage, outageEvery: options.kill === "server" ? 1 : 2 }),
	});
	const { lost, outOfOrder, parkedInOrder, parkedLeft, acknowledged, repeats, replayed } = report;
	console.log(
		table([
			["cycles", cyclesText(report.cycles, options.cycles)],
			["time", duration(performance.now() - began)],
			["killed with kill -9", count(report.kills)],
			["suspended beyond the lease", count(report.suspensions)],
			["servers killed with kill -9", count(report.restarts)],
			...(own === undefined
				? []
				: [["handled again after a server's return, at most", duration(report.longestReturnMs)] as const]),
			["events acknowledged", `${count(acknowledged)} (${report.syncs})`],
			["lost", count(lost.length)],
			["out of order in their key", count(outOfOrder.length)],
			["handled again", `${count(repeats)} (${((100 * repeats) / Math.max(acknowledged, 1)).toFixed(1)} %)`],
			["parked as if they had ended their processes, and replayed", count(report.blamed)],
			["replayed behind a parked event", `${count(replayed.length)}${parkedInOrder ? "" : ", out of order"}`],
			...(parkedLeft > 0 ? [["not replayed", count(parkedLeft)] as const] : []),
		]),
	);
	if (lost.length > 0) {
		console.log(`lost: ${shown(lost)}`);
		for (const warning of report.warnings.slice(-20)) console.log(`a worker said: ${warning}`);
	}
	if (outOfOrder.length > 0) console.log(`out of order: ${shown(outOfOrder)}`);
	return lost.length === 0 && outOfOrder.length === 0 && parkedInOrder && parkedLeft === 0;
}

/** The first few of many ids. */
function shown(ids: readonly string[]): string {
	const few = ids.slice(0, 20).join(", ");
	return ids.length > 20 ? `${few} and ${ids.length - 20} more` : few;
}

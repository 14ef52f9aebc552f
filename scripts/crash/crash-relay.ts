// Kills processes that forward events from a store to a broker, and looks for lost events: see crash.ts.
import { type RelayCrashReport, relayCrashCycles } from "@allium/testing/crash";
import { count, duration, table } from "../soak/table.ts";
import { cyclesText, type EndsEarly } from "./early-end.ts";
import type { RelayCrashArguments } from "./options.ts";
import { startOwnServer } from "./own-server.ts";

/** Runs it, and prints the result. Returns whether no fault was found. */
export async function crashRelay(options: RelayCrashArguments & EndsEarly): Promise<boolean> {
	const began = performance.now();
	const report = await reportOf(options);
	const { kills, suspensions, restarts, acknowledged, lost, outOfOrder, doubles, dedupeMs, blamed } = report;
	console.log(
		table([
			["cycles", cyclesText(report.cycles, options.cycles)],
			["time", duration(performance.now() - began)],
			["killed with kill -9", count(kills)],
			["suspended beyond the lease", count(suspensions)],
			["brokers killed with kill -9", count(restarts)],
			["events appended", count(acknowledged)],
			["lost", count(lost.length)],
			["out of order in their key", count(outOfOrder.length)],
			["twice in the broker", `${count(doubles)} (${foundFor(dedupeMs)})`],
			["parked as if they had ended their processes, and replayed", count(blamed)],
		]),
	);
	for (const id of [...lost, ...outOfOrder].slice(0, 20)) console.log(id);
	const mayDouble = dedupeMs === 0;
	return lost.length === 0 && outOfOrder.length === 0 && (doubles === 0 || mayDouble);
}

async function reportOf({
	store,
	broker,
	killsBroker,
	...options
}: RelayCrashArguments & EndsEarly): Promise<RelayCrashReport> {
	const own = killsBroker ? await startOwnServer(broker.url) : undefined;
	await using _ = own;
	return await relayCrashCycles({
		...options,
		store: { ...store, module: import.meta.resolve(store.module) },
		broker: { url: own?.url ?? broker.url, module: import.meta.resolve(broker.module) },
		...(own !== undefined && { outage: own.outage }),
		progress: (line) => console.error(line),
	});
}

function foundFor(dedupeMs: number): string {
	if (dedupeMs === 0) return "which it does not find";
	return `which it finds ${dedupeMs === Number.POSITIVE_INFINITY ? "always" : `for ${duration(dedupeMs)}`}`;
}

// Kills what handles events, and looks for what is lost or out of order: npm run crash -- sqlite:/tmp/crash
import { crashCycles } from "@allium/testing/crash";
import { crashRelay } from "./crash/crash-relay.ts";
import { crashStore } from "./crash/crash-store.ts";
import { crashViews } from "./crash/crash-views.ts";
import { type CrashArguments, help, readArguments, UsageError } from "./crash/options.ts";
import { type OwnServer, startOwnServer } from "./crash/own-server.ts";
import { count, duration, table } from "./soak/table.ts";

try {
	const options = readArguments(process.argv.slice(2));
	if (options === undefined) console.log(help);
	else if (options.kill === "writers") await crashStore(options);
	else if (options.kill === "projectors") await crashViews(options);
	else if (options.kill === "relays") await crashRelay(options);
	else if (options.kill === "workers") await run(options);
	else {
		const own = await startOwnServer(options.url);
		await using _ = own;
		await run(options, own);
	}
} catch (error) {
	if (!(error instanceof UsageError)) throw error;
	console.error(`${error.message}\n\n${help}`);
	process.exitCode = 2;
}

/** @param own The server that is killed. */
async function run(options: CrashArguments, own?: OwnServer): Promise<void> {
	const began = performance.now();
	const report = await crashCycles({
		...options,
		module: import.meta.resolve(options.module),
		progress: (line) => console.error(line),
		...(own === undefined
			? {}
			: { url: own.url, outage: own.outage, outageEvery: options.kill === "server" ? 1 : 2 }),
	});
	const { lost, outOfOrder, parkedInOrder, acknowledged, repeats, replayed } = report;
	console.log(
		table([
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
			["handled again", `${count(repeats)} (${((100 * repeats) / acknowledged).toFixed(1)} %)`],
			["parked as if they had ended their processes, and replayed", count(report.blamed)],
			["replayed behind a parked event", `${count(replayed.length)}${parkedInOrder ? "" : ", out of order"}`],
		]),
	);
	if (lost.length > 0) {
		console.log(`lost: ${shown(lost)}`);
		for (const warning of report.warnings.slice(-20)) console.log(`a worker said: ${warning}`);
	}
	if (outOfOrder.length > 0) console.log(`out of order: ${shown(outOfOrder)}`);
	if (lost.length > 0 || outOfOrder.length > 0 || !parkedInOrder) process.exitCode = 1;
}

/** The first few of many ids. */
function shown(ids: readonly string[]): string {
	const few = ids.slice(0, 20).join(", ");
	return ids.length > 20 ? `${few} and ${ids.length - 20} more` : few;
}

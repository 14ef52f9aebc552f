// Kills processes that handle events, and looks for what is lost or out of order: npm run crash -- sqlite:/tmp/crash
import { crashCycles } from "@allium/testing/crash";
import { help, readArguments, UsageError } from "./crash/options.ts";
import { count, duration, table } from "./soak/table.ts";

try {
	const options = readArguments(process.argv.slice(2));
	if (options === undefined) console.log(help);
	else {
		const module = import.meta.resolve(options.module);
		const began = performance.now();
		const report = await crashCycles({ ...options, module, progress: (line) => console.error(line) });
		const { lost, outOfOrder, parkedInOrder, acknowledged, repeats, replayed } = report;
		console.log(
			table([
				["time", duration(performance.now() - began)],
				["killed with kill -9", count(report.kills)],
				["suspended beyond the lease", count(report.suspensions)],
				["events acknowledged", count(acknowledged)],
				["lost", count(lost.length)],
				["out of order in their key", count(outOfOrder.length)],
				["handled again", `${count(repeats)} (${((100 * repeats) / acknowledged).toFixed(1)} %)`],
				[
					"replayed behind a parked event",
					`${count(replayed.length)}${parkedInOrder ? "" : ", out of order"}`,
				],
			]),
		);
		if (lost.length > 0 || outOfOrder.length > 0 || !parkedInOrder) process.exitCode = 1;
	}
} catch (error) {
	if (!(error instanceof UsageError)) throw error;
	console.error(`${error.message}\n\n${help}`);
	process.exitCode = 2;
}

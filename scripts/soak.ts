// Long runs against a registry, with outages and many instances: npm run soak -- nats://127.0.0.1:4222
import { EarlyEnd } from "./crash/early-end.ts";
import { help, readOptions, UsageError } from "./soak/options.ts";
import { simulatedSoak } from "./soak/simulated-soak.ts";
import { soak } from "./soak/soak.ts";
import { table } from "./soak/table.ts";

using end = new EarlyEnd((line) => console.error(line));
try {
	const options = readOptions(process.argv.slice(2));
	if (options === undefined) console.log(help);
	else {
		const progress = (line: string): void => console.error(line);
		const run = options.url === "simulated:" ? simulatedSoak : soak;
		console.log(table(await run({ ...options, signal: end.signal }, progress)));
		process.exitCode = end.exitCode;
	}
} catch (error) {
	if (!(error instanceof UsageError)) throw error;
	console.error(`${error.message}\n\n${help}`);
	process.exitCode = 2;
}

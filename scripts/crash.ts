// Kills processes that handle events, and looks for events that are lost or out of order: npm run crash --
// sqlite:/tmp/crash
import { crashBroker } from "./crash/crash-broker.ts";
import { crashRelay } from "./crash/crash-relay.ts";
import { crashStore } from "./crash/crash-store.ts";
import { crashViews } from "./crash/crash-views.ts";
import { EarlyEnd } from "./crash/early-end.ts";
import { help, readArguments, UsageError } from "./crash/options.ts";

using end = new EarlyEnd((line) => console.error(line));
try {
	const options = readArguments(process.argv.slice(2));
	if (options === undefined) console.log(help);
	else {
		const { signal } = end;
		let isSound: boolean;
		if (options.kill === "writers") isSound = await crashStore({ ...options, signal });
		else if (options.kill === "projectors") isSound = await crashViews({ ...options, signal });
		else if (options.kill === "relays") isSound = await crashRelay({ ...options, signal });
		else isSound = await crashBroker({ ...options, signal });
		process.exitCode = isSound ? end.exitCode : 1;
	}
} catch (error) {
	if (!(error instanceof UsageError)) throw error;
	console.error(`${error.message}\n\n${help}`);
	process.exitCode = 2;
}

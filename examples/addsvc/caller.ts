// Calls addsvc, wherever it is up: npm run caller -w examples/addsvc -- 1 2
import { allium, clientDefaults, isServiceError, textLogger } from "allium";
import { attempts } from "./attempts.ts";
import { Add } from "./contract.ts";

const logger = textLogger();
const app = allium({ name: "caller", logger });
const add = app.client(Add, {
	// Caller and service may be started in any order.
	waitForReady: true,
	// Client middleware around the whole call: the defaults of every client, retries among them.
	middleware: clientDefaults().middleware,
	// Client middleware around each attempt, after an instance was picked.
	attempt: [attempts(logger)],
});
try {
	const [a, b] = process.argv.slice(2).map(Number);
	const { v } = await add.sum({ a: a ?? 1, b: b ?? 2 });
	console.log(v);
} catch (error) {
	if (!isServiceError(error)) throw error;
	console.error(error.message);
	process.exitCode = 1;
} finally {
	await app.stop();
}

// Starts the example system: npm start, or npm start -- <example> … to choose.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { availableExamples, chooseExamples, type ExampleProcess, gatewayProcess } from "./start/examples.ts";
import { Output } from "./start/output.ts";
import { onStopSignals } from "./start/stop-signals.ts";
import { System } from "./start/system.ts";
import { thingsToTry } from "./start/things-to-try.ts";
import { usage } from "./start/usage.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const examples = join(root, "examples");
const { stdout } = process;
const output = new Output((text) => stdout.write(text), stdout.isTTY === true && stdout.hasColors());

async function run(processes: readonly ExampleProcess[]): Promise<number> {
	output.say(`Starting ${processes.map(({ label }) => label).join(", ")} …`);
	const system = new System(processes, { cwd: root, env: process.env, output });
	let stopped: Promise<void> | undefined;
	const stop = (): void => {
		output.say("Stopping; once more forces it …");
		stopped ??= system.stop();
	};
	let forced = false;
	const force = (): void => {
		forced = true;
		system.kill();
	};
	const ignoreSignals = onStopSignals(stop, force);
	// The reader of the output has gone, as in "npm start | head".
	stdout.on("error", () => {
		stopped ??= system.stop();
	});
	const ended = system.ended();
	try {
		const running = await system.ready();
		if (running !== undefined) for (const line of thingsToTry(running)) output.say(line);
		await ended;
		if (stopped === undefined) return 1;
		output.say("Stopped; nothing is left running.");
		return forced ? 130 : 0;
	} catch (error) {
		await system.stop();
		output.say((error as Error).message);
		return 1;
	} finally {
		ignoreSignals();
	}
}

const names = process.argv.slice(2);
if (names.includes("--help") || names.includes("-h")) {
	for (const line of usage(availableExamples(examples))) output.say(line);
} else {
	try {
		process.exitCode = await run([gatewayProcess, ...chooseExamples(examples, names)]);
	} catch (error) {
		output.say((error as Error).message);
		process.exitCode = 1;
	}
}

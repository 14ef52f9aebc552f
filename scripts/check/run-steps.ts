import { type ChildProcess, spawn } from "node:child_process";

/** A program to run with the current Node. */
export interface Step {
	/** The announced name of the step, such as `types`. */
	readonly name: string;
	/** The program and its arguments. */
	readonly command: readonly [file: string, ...args: string[]];
}

export interface StepResult {
	readonly name: string;
	readonly passed: boolean;
	readonly seconds: number;
}

/**
 * Runs steps one after the other, and announces and times each. A failed step does not prevent the next. A signal that
 * stops this process stops the current step and skips the rest.
 */
export async function runSteps(
	steps: readonly Step[],
	say: (line: string) => void,
): Promise<readonly StepResult[]> {
	const results: StepResult[] = [];
	let stopped = false;
	let running: ChildProcess | undefined;
	const stop = (signal: NodeJS.Signals): void => {
		stopped = true;
		running?.kill(signal);
	};
	process.on("SIGINT", stop).on("SIGTERM", stop);
	try {
		for (const step of steps) {
			if (stopped) break;
			say(`\n▶ ${step.name}`);
			const started = performance.now();
			running = start(step.command);
			const passed = await succeeds(running);
			const seconds = (performance.now() - started) / 1000;
			say(`${passed ? "✓" : "✗"} ${step.name} (${seconds.toFixed(1)} s)`);
			results.push({ name: step.name, passed, seconds });
		}
	} finally {
		process.off("SIGINT", stop).off("SIGTERM", stop);
	}
	if (stopped) throw new Error("Stopped.");
	return results;
}

/** One line about the results of the steps. */
export function summary(results: readonly StepResult[]): string {
	const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
	const seconds = results.reduce((sum, result) => sum + result.seconds, 0).toFixed(1);
	return failed.length === 0
		? `All of ${results.map(({ name }) => name).join(", ")} passed in ${seconds} s.`
		: `Failed: ${failed.join(", ")} (${failed.length} of ${results.length}, ${seconds} s).`;
}

function start([file, ...args]: Step["command"]): ChildProcess {
	return spawn(process.execPath, ["--conditions=@allium/source", file, ...args], { stdio: "inherit" });
}

function succeeds(child: ChildProcess): Promise<boolean> {
	return new Promise((resolve) => {
		child.once("exit", (code) => resolve(code === 0));
		child.once("error", () => resolve(false));
	});
}

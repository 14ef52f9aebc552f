import { isServiceError, memoryRegistry } from "@allium/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Gateway, gateway } from "./gateway.ts";

/** Output and exit code belong to the whole process. */
let printed: string[];
beforeEach(() => {
	printed = [];
	vi.spyOn(process.stderr, "write").mockImplementation((text) => {
		printed.push(String(text));
		return true;
	});
});
afterEach(() => {
	vi.restoreAllMocks();
	process.exitCode = undefined;
});

const steps = ["start", "stop", "run", "ask"] as const;
type Step = (typeof steps)[number];

/** All orders of the given number of steps. */
function orders(length: number): Step[][] {
	if (length === 0) return [[]];
	return orders(length - 1).flatMap((order) => steps.map((step) => [...order, step]));
}

const refusal = "gateway was stopped, and starts only once; make another one to start again";

/** A gateway, the outcome of its steps, and the expected outcome. */
class Life {
	readonly gateway: Gateway = gateway({
		registry: memoryRegistry(),
		port: 0,
		env: {},
		drainDelayMs: 0,
		logger: { log() {} },
	});
	readonly #runs: Promise<void>[] = [];
	#hasStarted = false;
	#hasStopped = false;

	/** The outcome of a step: `"done"`, the status of an answer, or a sentence. */
	async take(step: Step): Promise<string> {
		try {
			return await this.#take(step);
		} catch (error) {
			return isServiceError(error) ? `${error.code}: ${error.message}` : "nobody there";
		}
	}

	/** The expected outcome. */
	expected(step: Step): string {
		if (step === "ask") return this.#hasStarted && !this.#hasStopped ? "200" : "nobody there";
		if (step === "stop") {
			this.#hasStopped = true;
			return "done";
		}
		if (!this.#hasStopped) {
			this.#hasStarted = true;
			return step === "run" ? "running" : "done";
		}
		return step === "run" ? `printed: gateway cannot start: ${refusal}` : `failed_precondition: ${refusal}`;
	}

	/** Stops it, and waits until all runs have ended. */
	async end(): Promise<void> {
		await this.gateway.stop();
		await Promise.all(this.#runs);
	}

	async #take(step: Step): Promise<string> {
		const { gateway } = this;
		if (step === "run") return this.#run();
		if (step === "ask") {
			const url = gateway.addresses.find((address) => address.startsWith("http")) ?? "";
			return String((await fetch(`${url}/healthz`)).status);
		}
		await gateway[step]();
		return "done";
	}

	async #run(): Promise<string> {
		const before = printed.length;
		const run = this.gateway.run();
		this.#runs.push(run);
		await this.gateway.start().catch(() => run);
		const [line] = printed.slice(before);
		return line === undefined ? "running" : `printed: ${line.trim()}`;
	}
}

describe.each(steps)("every order of four steps of a gateway that begins with %s", (first) => {
	test("has one right outcome for each", async () => {
		for (const rest of orders(3)) {
			const order = [first, ...rest];
			const life = new Life();
			const outcomes: string[] = [];
			const expected: string[] = [];
			for (const step of order) {
				outcomes.push(await life.take(step));
				expected.push(life.expected(step));
			}
			expect({ order, outcomes }).toEqual({ order, outcomes: expected });
			await life.end();
		}
	});
});

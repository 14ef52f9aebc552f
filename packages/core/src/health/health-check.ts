import { Context } from "../context/context.ts";
import { whileLasts } from "../endpoint/detached-call.ts";
import { after, type Timer } from "../time/timer.ts";
import type { Checker, HealthFacts } from "./checker.ts";
import { reportedError, reportedFacts } from "./reported.ts";
import { judge, noVerdict, type Verdict } from "./verdict.ts";

/** The state of one check. Plain JSON. */
export interface CheckReport {
	readonly name: string;
	/** Whether the check counts as healthy: false until it has run, and after `failures` failures in a row. */
	readonly ok: boolean;
	/** Whether the process is not ready while the check is unhealthy. */
	readonly critical: boolean;
	/** The facts that the latest run found out. */
	readonly facts?: HealthFacts;
	/** Why the latest run failed. */
	readonly error?: string;
	/** How long the latest run took, in milliseconds. */
	readonly durationMs?: number;
	/** When the latest run ended, in ISO 8601. */
	readonly checkedAt?: string;
}

/** The result of the latest run of a check. */
type RunResult = Pick<CheckReport, "facts" | "error" | "durationMs" | "checkedAt">;

/**
 * Called when the first run decides whether a check is healthy, and whenever that changes; `before` is the former
 * verdict.
 */
export type VerdictListener = (check: HealthCheck, before: boolean | undefined) => void;

/** One checker at work. It runs the check, never twice at a time, and judges the results. */
export class HealthCheck {
	readonly checker: Checker;
	readonly #onVerdict: VerdictListener;
	#verdict: Verdict = noVerdict;
	#latest: RunResult = {};
	#endedAt = Number.NEGATIVE_INFINITY;
	#running: Promise<void> | undefined;
	#cancel: (() => void) | undefined;
	#timer: Timer | undefined;
	#stopped = false;

	constructor(checker: Checker, onVerdict: VerdictListener) {
		this.checker = checker;
		this.#onVerdict = onVerdict;
	}

	/** Whether the check counts as healthy; undefined until it has run. */
	get ok(): boolean | undefined {
		return this.#verdict.ok;
	}

	get report(): CheckReport {
		const { name, options } = this.checker;
		return { name, ok: this.ok === true, critical: options.critical, ...this.#latest };
	}

	/** Runs the check, and then runs it on its interval until `stop`. Resolves after the first run. */
	async start(): Promise<void> {
		await this.#run();
		if (this.#stopped) return;
		const delay = this.checker.options.everyMs * (0.9 + 0.2 * Math.random());
		this.#timer = after(delay, () => void this.start());
	}

	/** Runs the check unless its latest result is still good. Resolves when there is a good result. */
	async refresh(): Promise<void> {
		if (performance.now() - this.#endedAt >= this.checker.options.everyMs) await this.#run();
	}

	/** Stops the check. A run in progress is cancelled, and its result does not count. */
	stop(): void {
		this.#stopped = true;
		this.#timer?.stop();
		this.#cancel?.();
	}

	#run(): Promise<void> {
		if (this.#stopped) return Promise.resolve();
		this.#running ??= this.#runOnce().finally(() => {
			this.#running = undefined;
		});
		return this.#running;
	}

	async #runOnce(): Promise<void> {
		const { check, options } = this.checker;
		const { ctx, cancel } = Context.background().withTimeout(options.timeoutMs).withCancel();
		this.#cancel = cancel;
		const startedAt = performance.now();
		let result: RunResult;
		try {
			const facts = reportedFacts(await whileLasts(Promise.try(check, ctx), ctx));
			result = facts === undefined ? {} : { facts };
		} catch (error) {
			const isLate = ctx.error?.code === "deadline_exceeded";
			result = { error: isLate ? `no result within ${options.timeoutMs} ms` : reportedError(error) };
		} finally {
			cancel();
		}
		if (!this.#stopped) this.#take(result, performance.now() - startedAt);
	}

	#take(result: RunResult, durationMs: number): void {
		this.#endedAt = performance.now();
		const checkedAt = new Date().toISOString();
		this.#latest = { ...result, durationMs: Math.round(durationMs), checkedAt };
		const before = this.ok;
		this.#verdict = judge(this.#verdict, result.error === undefined, this.checker.options);
		if (this.ok !== before) this.#onVerdict(this, before);
	}
}

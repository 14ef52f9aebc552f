import { Context } from "../context/context.ts";
import { whileLasts } from "../endpoint/detached-call.ts";
import { after, type Timer } from "../time/timer.ts";
import type { Checker, HealthFacts } from "./checker.ts";
import { shownError, shownFacts } from "./shown.ts";
import { judge, noVerdict, type Verdict } from "./verdict.ts";

/** What is known of one check. Plain JSON. */
export interface CheckReport {
	readonly name: string;
	/** Whether it counts as healthy: false until it has run, and after so many failures in a row. */
	readonly ok: boolean;
	/** Whether the process is not ready while it is not healthy. */
	readonly critical: boolean;
	/** What the latest run found out. */
	readonly facts?: HealthFacts;
	/** Why the latest run failed. */
	readonly error?: string;
	/** How long the latest run took, in milliseconds. */
	readonly durationMs?: number;
	/** When the latest run ended, in ISO 8601. */
	readonly checkedAt?: string;
}

/** What the latest run of a check brought. */
type RunResult = Pick<CheckReport, "facts" | "error" | "durationMs" | "checkedAt">;

/** Told when a check turned out healthy, or not, and whenever that changes; `before` is what it was. */
export type VerdictListener = (check: HealthCheck, before: boolean | undefined) => void;

/** One checker at work: runs it, never twice at a time, and judges what it finds. */
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

	/** Whether it counts as healthy; undefined until it has run. */
	get ok(): boolean | undefined {
		return this.#verdict.ok;
	}

	get report(): CheckReport {
		const { name, options } = this.checker;
		return { name, ok: this.ok === true, critical: options.critical, ...this.#latest };
	}

	/** Runs it, and from then on on its interval until `stop`; resolves after the first run. */
	async start(): Promise<void> {
		await this.#run();
		if (this.#stopped) return;
		const delay = this.checker.options.everyMs * (0.9 + 0.2 * Math.random());
		this.#timer = after(delay, () => void this.start());
	}

	/** Runs it unless its latest result is still good; resolves when there is one that is. */
	async refresh(): Promise<void> {
		if (performance.now() - this.#endedAt >= this.checker.options.everyMs) await this.#run();
	}

	/** Ends it. A run that is under way is given up, and counts for nothing. */
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
			const facts = shownFacts(await whileLasts(Promise.try(check, ctx), ctx));
			result = facts === undefined ? {} : { facts };
		} catch (error) {
			const isLate = ctx.error?.code === "deadline_exceeded";
			result = { error: isLate ? `no result within ${options.timeoutMs} ms` : shownError(error) };
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

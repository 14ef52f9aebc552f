import type { Context } from "@allium/core";
import { whileLasts } from "@allium/core/transport";
import type { Live } from "./executed.ts";
import type { Fact, StepKind } from "./journal-entry.ts";
import { asServiceError } from "./outcome.ts";
import type { PendingStep, StepWaits } from "./pending-step.ts";
import { type RecordedError, recordedError } from "./recorded-error.ts";
import { verdictOnStep } from "./step-verdict.ts";
import { timeIn } from "./wait-time.ts";

/** How long an attempt of a step may take, in milliseconds. */
const defaultTimeoutMs = 60_000;

/** The attempts at steps that this process makes. */
export class StepAttempts {
	readonly #live: Live;
	readonly #came: (fact: Fact) => void;
	#running = 0;
	#ended: PromiseWithResolvers<void> = Promise.withResolvers();
	/** The first step that was given up. */
	givenUp: { readonly step: string; readonly error: RecordedError } | undefined;

	/** @param came called with the result of an attempt, to be recorded. */
	constructor(live: Live, came: (fact: Fact) => void) {
		this.#live = live;
		this.#came = came;
	}

	get areRunning(): boolean {
		return this.#running > 0;
	}

	/** Resolves when the next attempt ends. */
	get ended(): Promise<void> {
		return this.#ended.promise;
	}

	/**
	 * Begins a step.
	 *
	 * @param waits returns the recorded waits of its earlier attempts.
	 */
	begin(pending: PendingStep, work: (ctx: Context) => unknown, waits: () => StepWaits | undefined): void {
		const { asked, name } = pending;
		pending.isUnderWay = true;
		pending.isRunning = true;
		this.#running++;
		const whole = this.#live.contextOf(name, asked.kind as StepKind);
		const ctx = whole.withTimeout(asked.timeoutMs ?? defaultTimeoutMs);
		whileLasts(Promise.try(work, ctx), ctx)
			.then(
				(value) => this.#worked(pending, value),
				(error: unknown) => this.#failed(pending, error, waits),
			)
			.finally(() => {
				pending.isRunning = false;
				this.#running--;
				this.#ended.resolve();
				this.#ended = Promise.withResolvers();
			});
	}

	#worked({ asked, name: step }: PendingStep, value: unknown): void {
		const kind = asked.kind as StepKind;
		try {
			const text = asked.kind === "publish" ? undefined : JSON.stringify(value);
			const json: unknown = text === undefined ? undefined : JSON.parse(text);
			this.#came({ is: "settled", step, kind, ...(json !== undefined && { value: json }) });
		} catch (error) {
			const message = `the result of the step is no JSON: ${asServiceError(error).message}`;
			this.givenUp ??= { step, error: { code: "invalid_argument", reason: "not_json", message } };
		}
	}

	#failed({ asked, name: step }: PendingStep, thrown: unknown, waits: () => StepWaits | undefined): void {
		// The result is not known, so the step runs again where the run goes on.
		if (this.#live.ctx.error !== undefined) return;
		const kind = asked.kind as StepKind;
		const { last, tries = 0 } = waits() ?? {};
		const attempts = (last?.is === "waiting" ? last.attempts : undefined) ?? 0;
		const verdict = verdictOnStep(thrown, { kind, method: asked.method, attempts, tries });
		const error = recordedError(verdict.error);
		if (verdict.do === "settle") this.#came({ is: "settled", step, kind, error });
		else if (verdict.do === "park") this.givenUp ??= { step, error };
		else {
			const { attempts } = verdict;
			this.#came({ is: "waiting", step, kind, until: timeIn(verdict.afterMs), attempts, error });
		}
	}
}

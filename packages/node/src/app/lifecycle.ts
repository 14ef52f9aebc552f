import { Context, type Logger, ServiceError } from "@allium/core";
import { after } from "@allium/core/transport";
import { appFailed } from "./app-events.ts";
import { begin, beginTimeoutMs } from "./begin.ts";
import type { Part } from "./part.ts";
import { type Runnable, runUntilSignal } from "./run-until-signal.ts";

/** After how long the log tells what a start waits for, in milliseconds. */
const tellAfterMs = 5_000;

/** The options of a lifecycle. */
export interface LifecycleOptions {
	/** The name of the process, for messages. */
	readonly name: string;
	readonly logger: Logger;
	/** In the order in which they are started. */
	readonly parts: readonly Part[];
}

/**
 * The life of a process that is made of parts. It starts once and stops once, however often it is told to, and a
 * process that was told to stop does not start again.
 *
 * Starting starts the parts in order. Stopping drains all parts in the reverse order, and then stops all of them in the
 * reverse order. A start that fails does the same before it rejects. Stopping ends what a start waits for.
 */
export class Lifecycle implements Runnable {
	readonly name: string;
	readonly logger: Logger;
	readonly #parts: readonly Part[];
	readonly #beginning = Context.background().withCancel();
	#starting: Promise<void> | undefined;
	#stopping: Promise<void> | undefined;
	#ending: Promise<void> | undefined;
	readonly #toldToStop = Promise.withResolvers<void>();

	constructor({ name, logger, parts }: LifecycleOptions) {
		this.name = name;
		this.logger = logger;
		this.#parts = parts;
	}

	/** Whether it was told to start. */
	get hasBegun(): boolean {
		return this.#starting !== undefined;
	}

	/** Whether it was told to stop. */
	get isStopping(): boolean {
		return this.#stopping !== undefined;
	}

	/** Whether it was told to stop, or could not start. */
	get isEnding(): boolean {
		return this.isStopping || this.#ending !== undefined;
	}

	get whenStopping(): Promise<void> {
		return this.#toldToStop.promise;
	}

	/** Rejects with `failed_precondition` when it was told to stop. */
	start(): Promise<void> {
		if (this.isStopping) return Promise.reject(alreadyStopped(this.name));
		this.#starting ??= this.#start();
		return this.#starting;
	}

	/** Ends a start that is under way. Never rejects. */
	stop(): Promise<void> {
		this.#beginning.cancel(stoppedMeanwhile(this.name));
		const started = this.#starting?.catch(() => {}) ?? Promise.resolve();
		this.#stopping ??= started.then(() => this.#end());
		this.#toldToStop.resolve();
		return this.#stopping;
	}

	/** Starts, runs until a signal or `stop()`, and stops. */
	run(): Promise<void> {
		return runUntilSignal(this);
	}

	async #start(): Promise<void> {
		try {
			for (const part of this.#parts) await this.#begin(part);
		} catch (error) {
			if (!this.isStopping) appFailed.publish({ name: this.name, error });
			await this.#end();
			throw error;
		}
	}

	async #begin(part: Part): Promise<void> {
		if (part.start === undefined) return;
		const ctx = this.#beginning.ctx.withTimeout(beginTimeoutMs);
		const slow = after(tellAfterMs, () => this.logger.log("info", `${this.name} waits for ${part.name}`));
		try {
			await begin(part.name, part.start(ctx));
		} finally {
			slow.stop();
		}
	}

	/** Ends all parts, once. A start that failed has ended them already when the process is told to stop. */
	#end(): Promise<void> {
		this.#ending ??= this.#endAll();
		return this.#ending;
	}

	async #endAll(): Promise<void> {
		const parts = this.#parts.toReversed();
		for (const part of parts) await this.#attempt("drain", part);
		for (const part of parts) await this.#attempt("stop", part);
	}

	async #attempt(step: "drain" | "stop", part: Part): Promise<void> {
		try {
			await part[step]?.();
		} catch (error) {
			this.logger.log("warn", `could not ${step} ${part.name} in order`, { error });
		}
	}
}

function stoppedMeanwhile(name: string): ServiceError {
	return new ServiceError({
		code: "canceled",
		reason: "stopped",
		message: `${name} was stopped while it started`,
	});
}

function alreadyStopped(name: string): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "stopped",
		message: `${name} was stopped, and starts only once; make another one to start again`,
	});
}

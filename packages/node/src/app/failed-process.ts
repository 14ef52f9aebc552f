import type { Logger, ServiceError } from "@allium/core";
import type { Config } from "../config/config.ts";
import { appFailed } from "./app-events.ts";
import { type Runnable, runUntilSignal } from "./run-until-signal.ts";
import { textLogger } from "./text-logger.ts";

/**
 * A process with an invalid configuration. It is created all the same, so that `run` can name the fault in one
 * sentence. An error of the constructor would end the program with a stack instead.
 */
export class FailedProcess implements Runnable {
	readonly name: string;
	readonly logger: Logger;
	readonly addresses: readonly string[] = [];
	/** Resolved from the start: the process never runs. */
	readonly whenStopping: Promise<void> = Promise.resolve();
	protected readonly failure: ServiceError;

	/** @param failure the mistake in the configuration. */
	constructor(name: string, failure: ServiceError, logger: Logger = textLogger()) {
		this.name = name;
		this.failure = failure;
		this.logger = logger;
	}

	/** @throws ServiceError always: it names the mistake in the configuration. */
	get config(): Config {
		throw this.failure;
	}

	/** Rejects with the mistake. */
	start(): Promise<void> {
		appFailed.publish({ name: this.name, error: this.failure });
		return Promise.reject(this.failure);
	}

	async stop(): Promise<void> {}

	run(): Promise<void> {
		return runUntilSignal(this);
	}
}

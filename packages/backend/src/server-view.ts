import type { Logger, ServiceError } from "@allium/core";
import type { InstanceRecord, InstanceView, RegistryFilter } from "@allium/core/registry";

/** How long watchers wait for the first answer before they get an error, in milliseconds. */
const patienceMs = 5_000;

/** The options of a {@link ServerView}. */
export interface ServerViewOptions {
	/** The name of the server for the log, such as `Consul`. */
	readonly name: string;
	readonly filter: RegistryFilter;
	/** The time to live of registrations, in milliseconds. */
	readonly ttlMs: number;
	readonly logger: Logger;
}

/**
 * A view whose server may be away. Meanwhile the view keeps its state. A server that refuses ends the watches with its
 * reason, and so does one that gives no first answer within five seconds.
 */
export class ServerView {
	readonly view: InstanceView;
	readonly #options: ServerViewOptions;
	#startedAt = 0;
	#isLost = false;
	#isLogged = false;

	constructor(view: InstanceView, options: ServerViewOptions) {
		this.view = view;
		this.#options = options;
	}

	/** Whether changes may have been missed since the last `show`. */
	get isLost(): boolean {
		return this.#isLost;
	}

	/** Begins to wait for the first answer. */
	start(): void {
		this.#startedAt = performance.now();
		this.#isLost = false;
	}

	/**
	 * Notes that changes may be missed from now on.
	 *
	 * @param error the reason, if the server does not answer.
	 */
	lose(error?: ServiceError): void {
		if (!this.#isLost) this.view.pause();
		this.#isLost = true;
		if (error === undefined || this.#isLogged) return;
		this.#isLogged = true;
		this.#log("warn", `${this.#options.name} does not answer; going on with what is known`, { error });
	}

	/** Notes that a request failed. */
	failed(error: ServiceError): void {
		const isAwaited = !this.view.ready && performance.now() - this.#startedAt > patienceMs;
		if (error.code !== "unavailable" || isAwaited) this.view.fail(error);
		else this.lose(error);
	}

	/**
	 * Shows all instances that are up.
	 *
	 * @param isReleased whether a missing instance left of its own accord. It is not asked after changes were missed.
	 * @param graceMs how long missing instances stay after changes were missed, in milliseconds. Default: the time to
	 * live of registrations.
	 */
	show(
		records: Iterable<InstanceRecord>,
		isReleased?: (key: string) => boolean,
		graceMs: number = this.#options.ttlMs,
	): void {
		if (this.#isLost) this.view.resume(records, graceMs);
		else this.view.replace(records, isReleased);
		this.#isLost = false;
		if (this.#isLogged) this.#log("info", `${this.#options.name} answers again`, {});
		this.#isLogged = false;
	}

	#log(level: "info" | "warn", message: string, fields: Readonly<Record<string, unknown>>): void {
		this.#options.logger.log(level, message, { ...this.#options.filter, ...fields });
	}
}

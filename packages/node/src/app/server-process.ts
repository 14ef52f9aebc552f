import { type Listener, type Logger, type Registry, ServiceError } from "@allium/core";
import { after, checkDuration, checkedLogger } from "@allium/core/transport";
import { type Adapters, openRegistry } from "../config/adapters.ts";
import { type Config, type ConfigOverrides, type Environment, maskUrl } from "../config/config.ts";
import { DeferredRegistry } from "../config/deferred-registry.ts";
import { appFailed, appReady } from "./app-events.ts";
import { type Runnable, runUntilSignal } from "./run-until-signal.ts";
import { textLogger } from "./text-logger.ts";
import { within } from "./within.ts";

/** What every process that serves is made with; what is not given comes from the environment, or has a default. */
export interface ServerProcessOptions extends Omit<ConfigOverrides, "registry"> {
	/** A URL, or a registry that is open already and stays open. */
	readonly registry?: string | Registry;
	/** Adapters by scheme, before those that are installed. */
	readonly adapters?: Adapters;
	/** Default: lines on standard output. */
	readonly logger?: Logger;
	/** How long calls are still accepted after `/readyz` says no and the registry was told, in milliseconds. Default: 500. */
	readonly drainDelayMs?: number;
	/** How long calls in flight may take when the process stops, in milliseconds; Infinity for as long as they take. Default: 10 s. */
	readonly gracePeriodMs?: number;
	/** Default: that of the process. */
	readonly env?: Environment;
}

/**
 * The life of a process that serves: it starts once and stops once, in order, however often it is told to. A process that was
 * told to stop does not start again.
 *
 * open → ready → announce … not ready → leave → drain → close. A start that fails gives up what is there.
 */
export abstract class ServerProcess implements Runnable {
	readonly name: string;
	readonly config: Config;
	readonly logger: Logger;
	protected readonly registry: Registry;
	readonly #drainDelayMs: number;
	readonly #gracePeriodMs: number;
	#listener: Listener | undefined;
	#isReady = false;
	#starting: Promise<void> | undefined;
	#stopping: Promise<void> | undefined;
	readonly #toldToStop = Promise.withResolvers<void>();
	#isClosed = false;
	#released: Promise<void> | undefined;

	/** @throws RangeError for a duration that cannot be. */
	constructor(name: string, config: Config, options: ServerProcessOptions) {
		const { registry, adapters, logger, drainDelayMs = 500, gracePeriodMs = 10_000 } = options;
		this.#drainDelayMs = checkDuration("drainDelayMs", drainDelayMs, "finite");
		this.#gracePeriodMs = checkDuration("gracePeriodMs", gracePeriodMs);
		this.name = name;
		this.config = config;
		this.logger = checkedLogger(logger ?? textLogger());
		this.registry =
			typeof registry === "object"
				? registry
				: new DeferredRegistry(() => openRegistry(config.registry, adapters));
	}

	/** Where it can be reached, once it has started. */
	get addresses(): readonly string[] {
		return this.#listener?.addresses ?? [];
	}

	get isStopping(): boolean {
		return this.#stopping !== undefined;
	}

	get whenStopping(): Promise<void> {
		return this.#toldToStop.promise;
	}

	/** Whether it has given up what calls need: it has stopped, or could not start. */
	protected get isClosed(): boolean {
		return this.#isClosed;
	}

	/** Whether it was told to start. */
	protected get hasBegun(): boolean {
		return this.#starting !== undefined;
	}

	/** Whether it takes calls: it listens, and was not told to stop. */
	protected get isReady(): boolean {
		return this.#isReady;
	}

	start(): Promise<void> {
		if (this.isStopping) return Promise.reject(alreadyStopped(this.name));
		this.#starting ??= this.#start();
		return this.#starting;
	}

	stop(): Promise<void> {
		const started = this.#starting?.catch(() => {}) ?? Promise.resolve();
		this.#stopping ??= started.then(() => this.#release());
		this.#toldToStop.resolve();
		return this.#stopping;
	}

	run(): Promise<void> {
		return runUntilSignal(this);
	}

	/** Listens. The registry is open. */
	protected abstract open(): Promise<Listener>;

	/** Lets others know that it is ready. */
	protected abstract announce(listener: Listener): Promise<void>;

	/** Lets others know that it stops. */
	protected abstract leave(): Promise<void>;

	/** Resolves when no call is in flight. */
	protected abstract drain(listener: Listener): Promise<unknown>;

	/** Gives up what calls needed. */
	protected abstract close(): Promise<void>;

	/** A step of stopping that fails is said, and the next one still done. */
	protected async quietly(step: string, action: () => Promise<unknown> | undefined): Promise<void> {
		try {
			await action();
		} catch (error) {
			this.logger.log("warn", `could not ${step} in order`, { error });
		}
	}

	async #start(): Promise<void> {
		const { name, registry, config } = this;
		try {
			if (registry instanceof DeferredRegistry) await registry.opened();
			this.#listener = await this.open();
			this.#isReady = true;
			await this.announce(this.#listener);
		} catch (error) {
			appFailed.publish({ name, error });
			await this.#release();
			throw error;
		}
		appReady.publish({ name, addresses: this.addresses });
		this.logger.log("info", `${name} is ready`, {
			url: this.addresses.find((address) => /^https?:/.test(address)),
			registry: registry.location ?? maskUrl(config.registry),
		});
	}

	/** Ends what is there, in order; what a failed start left, too. */
	#release(): Promise<void> {
		this.#released ??= this.#releaseAll();
		return this.#released;
	}

	async #releaseAll(): Promise<void> {
		this.#isReady = false;
		await this.leave();
		const listener = this.#listener;
		if (listener !== undefined) {
			await new Promise<void>((resolve) => after(this.#drainDelayMs, resolve));
			await this.quietly("drain", () => within(this.#gracePeriodMs, this.drain(listener)));
			await this.quietly("close", () => listener.close());
		}
		this.#isClosed = true;
		await this.close();
		const { registry } = this;
		if (registry instanceof DeferredRegistry) {
			await this.quietly("close the registry", () => registry.close());
		}
	}
}

function alreadyStopped(name: string): ServiceError {
	return new ServiceError({
		code: "failed_precondition",
		reason: "stopped",
		message: `${name} was stopped, and starts only once; make another one to start again`,
	});
}

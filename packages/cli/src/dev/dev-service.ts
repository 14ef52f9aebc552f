import { dirname } from "node:path";
import { after, Backoff, type Timer } from "@allium/core/transport";
import { type Ending, ServiceProcess, type ServiceProcessOptions, type Started } from "./service-process.ts";

/** The time limits, in milliseconds. */
export interface DevTimes {
	/** How long a new process may take to be ready. */
	readonly readyMs: number;
	/** How long a process that was asked to stop may take. */
	readonly graceMs: number;
	/** The pause after the first crash. It doubles with each further crash. */
	readonly firstPauseMs: number;
	readonly longestPauseMs: number;
	/** A process that ran for this long before it crashed counts as a first crash. */
	readonly stableMs: number;
}

export const defaultDevTimes: DevTimes = {
	readyMs: 15_000,
	graceMs: 12_000,
	firstPauseMs: 500,
	longestPauseMs: 10_000,
	stableMs: 10_000,
};

/** The parts that a service in development needs. */
export interface DevServiceOptions extends ServiceProcessOptions {
	/** Reports the service's state. */
	readonly say: (text: string) => void;
	readonly times: DevTimes;
}

/** The files of a program that a developer may change to fix it. */
const sourceFile = /\.(?:[cm]?[jt]sx?|json)$/;

/**
 * Keeps one service running while its source changes. The old process serves until a new one is ready, and stays if
 * the new one does not become ready. A process that crashes is started again.
 */
export class DevService {
	readonly #options: DevServiceOptions;
	/** All processes that have not ended. */
	readonly #alive = new Set<ServiceProcess>();
	/** The process that serves. */
	#current: ServiceProcess | undefined;
	/** The process that is starting. */
	#next: ServiceProcess | undefined;
	/** The process that did not become ready, until another does. */
	#failed: ServiceProcess | undefined;
	/** The number of the latest start. A start compares it to see whether a later one has overtaken it. */
	#start = 0;
	/** The pauses before a crashed process is started again. */
	readonly #backoff: Backoff;
	#pause: Timer | undefined;
	#isStopping = false;

	constructor(options: DevServiceOptions) {
		this.#options = options;
		const { firstPauseMs: firstMs, longestPauseMs: longestMs } = options.times;
		this.#backoff = new Backoff({ firstMs, longestMs, jitter: 0 });
	}

	/** Starts the service, or a new process to replace the current one. */
	start(): void {
		this.#backoff.reset();
		void this.#launch();
	}

	/** Handles changed files. Starts a new process if the service uses one of them. */
	changed(paths: ReadonlySet<string>): void {
		if (this.#isStopping || ![...paths].some((path) => this.#uses(path))) return;
		this.#options.say(this.#current === undefined ? "changed; starting" : "changed; starting a new process");
		this.start();
	}

	/** Asks all processes to stop. Resolves when none is left. */
	async stop(): Promise<void> {
		this.#isStopping = true;
		this.#start++;
		this.#pause?.stop();
		await Promise.all([...this.#alive].map((child) => child.stop(this.#options.times.graceMs)));
	}

	/** Kills all processes at once. */
	kill(): void {
		for (const child of this.#alive) child.kill();
	}

	#uses(path: string): boolean {
		const loaded = [this.#current, this.#next, this.#failed].some((child) => child?.modules.has(path));
		if (loaded || this.#failed === undefined) return loaded;
		// The failed process may have lacked a file that now exists, or may not have loaded it because another file
		// was broken.
		const folders = new Set([...this.#failed.modules].map((file) => dirname(file)));
		return sourceFile.test(path) && folders.has(dirname(path));
	}

	async #launch(): Promise<void> {
		const start = ++this.#start;
		this.#pause?.stop();
		const overtaken = this.#next;
		this.#next = undefined;
		void overtaken?.stop(this.#options.times.graceMs);
		const child = this.#spawn();
		this.#next = child;
		const started = await this.#whenStarted(child, start);
		if (start !== this.#start) return;
		this.#next = undefined;
		if (started.ready) this.#adopt(child, started.addresses);
		else if (started.portTaken && this.#current !== undefined) await this.#makeRoom(this.#current, start);
		else this.#wasNotReady(child, started.ending);
	}

	#spawn(): ServiceProcess {
		const child = new ServiceProcess(this.#options);
		this.#alive.add(child);
		void child.ended.then(() => this.#alive.delete(child));
		return child;
	}

	/**
	 * Waits until the process is ready or has ended. A process that takes too long is stopped if another one serves.
	 */
	async #whenStarted(child: ServiceProcess, start: number): Promise<Started> {
		const { say, times } = this.#options;
		const timer = after(times.readyMs, () => {
			if (start !== this.#start) return;
			say(`is not ready after ${times.readyMs / 1_000} s; does it call app.run()?`);
			if (this.#current !== undefined) void child.stop(times.graceMs);
		});
		try {
			return await child.started;
		} finally {
			timer.stop();
		}
	}

	/** Makes the new process the one that serves. */
	#adopt(child: ServiceProcess, addresses: readonly string[]): void {
		const { say, times } = this.#options;
		const old = this.#current;
		this.#current = child;
		this.#failed = undefined;
		const where = addresses.find((address) => address.startsWith("http")) ?? addresses[0] ?? "no address";
		say(old === undefined ? `is ready at ${where}` : `is ready at ${where}; stopping the old process`);
		void old?.stop(times.graceMs);
		const since = performance.now();
		void child.ended.then((ending) => {
			if (this.#current !== child) return;
			this.#current = undefined;
			if (!this.#isStopping) this.#ended(ending, performance.now() - since);
		});
	}

	/** Stops the old process first, because only one process can have a fixed port. */
	async #makeRoom(old: ServiceProcess, start: number): Promise<void> {
		this.#options.say("needs the port of the old process; stopping that first");
		this.#current = undefined;
		await old.stop(this.#options.times.graceMs);
		if (start === this.#start) await this.#launch();
	}

	#wasNotReady(child: ServiceProcess, ending: string): void {
		const { say } = this.#options;
		this.#failed = child;
		if (this.#current !== undefined) say(`did not start (${ending}); the old process goes on`);
		else if (this.#backoff.failures > 0) this.#startLater(`did not start again (${ending})`);
		else say(`did not start (${ending}); waiting for a change`);
	}

	/** Called when the serving process has ended by itself. */
	#ended({ text, inOrder }: Ending, afterMs: number): void {
		const { say, times } = this.#options;
		if (this.#next !== undefined) say(`the old process has ended (${text})`);
		else if (inOrder) say(`has ended (${text}); waiting for a change`);
		else {
			if (afterMs > times.stableMs) this.#backoff.reset();
			this.#startLater(`has crashed (${text})`);
		}
	}

	#startLater(what: string): void {
		const { say } = this.#options;
		const pauseMs = this.#backoff.next();
		say(`${what}; starting again in ${pauseMs / 1_000} s`);
		this.#pause = after(pauseMs, () => void this.#launch());
	}
}

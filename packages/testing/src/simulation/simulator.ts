import { EventLog } from "./event-log.ts";
import { EventQueue, type SimulatedEvent } from "./event-queue.ts";
import { type GlobalsHost, replaceGlobals } from "./globals.ts";
import { Random } from "./random.ts";
import { SimulatedProcess } from "./simulated-process.ts";

/** The real function. Between two of its callbacks the platform runs every pending microtask. */
const realSetImmediate = setImmediate;

/**
 * How many events happen in one turn of the platform's event loop. Each has a callback of its own, so that all its
 * microtasks run before the next one; but a turn has a price, which they share.
 */
const eventsPerTurn = 64;

/** The bounds of a simulation. */
export interface SimulatorLimits {
	/** When it begins, in milliseconds since 1970. */
	readonly startsAt: number;
	readonly limitMs: number;
	readonly maxEvents: number;
}

/**
 * Virtual time: a queue of events, each of which belongs to one process. One event runs, then all microtasks that
 * follow from it run, and then time jumps to the next event. All code that runs therefore belongs to the process of
 * the event.
 */
export class Simulator implements GlobalsHost {
	/** Virtual milliseconds since the simulation began. */
	now = 0;
	readonly log: EventLog = new EventLog();
	/** The world itself, which runs the scenario and the network. It never crashes. */
	readonly world: SimulatedProcess;
	/** The process whose code is running. */
	current: SimulatedProcess;
	/** How many events have happened. */
	events = 0;
	readonly #seed: string;
	readonly #limits: SimulatorLimits;
	readonly #queue = new EventQueue();
	readonly #processes: SimulatedProcess[] = [];
	#order = 0;
	#failure: { readonly error: unknown } | undefined;
	#settled = false;

	constructor(seed: string, limits: SimulatorLimits) {
		this.#seed = seed;
		this.#limits = limits;
		this.world = this.process("world");
		this.current = this.world;
	}

	/**
	 * Random numbers that depend only on the seed and the name, so that another use of one source does not change the
	 * others.
	 */
	source(name: string): Random {
		return new Random(`${this.#seed}/${name}`);
	}

	random(): number {
		return this.current.random.number();
	}

	/** Begins a process. `life` distinguishes the lives of one node. */
	process(name: string, life = 1): SimulatedProcess {
		const process = new SimulatedProcess(name, this.source(`process/${name}/${life}`), this.now);
		this.#processes.push(process);
		return process;
	}

	processNow(): number {
		return this.now - this.current.startedAt;
	}

	dateNow(): number {
		return this.#limits.startsAt + Math.floor(this.now + this.current.clockSkewMs);
	}

	uuid(): string {
		return this.current.random.uuid();
	}

	/** Logs an event of the running process. */
	note(text: string): void {
		this.log.add(this.now, this.current.name, text);
	}

	schedule(delayMs: number, run: () => void): SimulatedEvent {
		return this.at(delayMs, this.current, run);
	}

	/** Schedules `run` in a process after the given milliseconds. */
	at(delayMs: number, process: SimulatedProcess, run: () => void): SimulatedEvent {
		const time = this.now + delayMs;
		const event = { time, order: this.#order++, process, run, canceled: false };
		this.#queue.push(event);
		return event;
	}

	/**
	 * Runs code as part of a process, within the present event: once the process is no longer paused, and never if it is
	 * dead.
	 */
	enter(process: SimulatedProcess, run: () => void): void {
		if (!process.alive) return;
		if (process.pausedUntil > this.now) {
			this.at(process.pausedUntil - this.now, process, run);
			return;
		}
		this.current = process;
		run();
	}

	/** How many timers and other events of a process are pending. */
	pendingOf(process: SimulatedProcess): number {
		return this.#queue.pendingOf(process);
	}

	/** Resolves in the running process after the given milliseconds, which may be a fraction. */
	wait(delayMs: number): Promise<void> {
		return new Promise((resolve) => this.schedule(delayMs, resolve));
	}

	/** Ends the run with an error that would otherwise stay unnoticed. */
	fail(error: unknown): void {
		this.#failure ??= { error };
	}

	/** Runs the scenario, and everything that follows from it, until it settles. */
	async run<Value>(scenario: () => Promise<Value>): Promise<Value> {
		const restore = replaceGlobals(this);
		const outcome = Promise.withResolvers<Value>();
		// The outcome is read only after the last event.
		outcome.promise.catch(() => {});
		const settle = (): void => {
			this.#settled = true;
		};
		this.at(0, this.world, () => {
			const done = scenario();
			done.then(outcome.resolve, outcome.reject);
			done.then(settle, settle);
		});
		try {
			await this.#happen();
			if (this.#failure !== undefined) throw this.#failure.error;
			return await outcome.promise;
		} finally {
			this.log.close();
			await this.#tearDown();
			restore();
		}
	}

	/** Runs one event after the other. */
	#happen(): Promise<void> {
		return new Promise((resolve) => {
			let isOver = false;
			const step = (): void => {
				if (isOver) return;
				isOver = this.#settled || this.#failure !== undefined || !this.#next();
				if (isOver) resolve();
				else realSetImmediate(step);
			};
			for (let count = 0; count < eventsPerTurn; count++) realSetImmediate(step);
		});
	}

	/** Runs the next event. Returns false if there is none, or if there were too many. */
	#next(): boolean {
		const event = this.#due();
		if (event === undefined) {
			this.fail(new Error("nothing is left to happen, but the scenario waits; some promise never settles"));
			return false;
		}
		this.now = event.time;
		if (this.now > this.#limits.limitMs || ++this.events > this.#limits.maxEvents) {
			this.fail(new Error(this.#tooLong()));
			return false;
		}
		this.current = event.process;
		try {
			event.run();
		} catch (error) {
			this.fail(error);
		}
		return true;
	}

	/** The next event that is still to happen. Those of a paused process wait for its end, in their order. */
	#due(): SimulatedEvent | undefined {
		for (let event = this.#queue.pop(); event !== undefined; event = this.#queue.pop()) {
			const { process, canceled } = event;
			if (canceled || !process.alive) continue;
			if (process.pausedUntil <= event.time) return event;
			event.time = process.pausedUntil;
			event.order = this.#order++;
			this.#queue.push(event);
		}
		return undefined;
	}

	#tooLong(): string {
		const { limitMs, maxEvents } = this.#limits;
		return this.now > limitMs
			? `the scenario was not over after ${limitMs} ms of virtual time; some promise may never settle, or raise limitMs`
			: `the scenario was not over after ${maxEvents} events; something may go round for ever, or raise maxEvents`;
	}

	/**
	 * Ends everything that is open. Otherwise objects that all products share, such as the root of all contexts, would
	 * keep it alive.
	 */
	async #tearDown(): Promise<void> {
		for (const process of this.#processes) {
			this.current = process;
			for (const dispose of process.disposers) {
				try {
					void Promise.resolve(dispose()).catch(() => {});
				} catch {
					// The run is over and its outcome is known.
				}
			}
		}
		for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => realSetImmediate(resolve));
	}
}

import { expect } from "vitest";
import { type FaultProxy, faultProxy } from "../faults/index.ts";
import { eventually } from "./eventually.ts";

/** A server that a suite may kill. It belongs to one test. */
export interface BackendOutage {
	/** Ends the server as a crash does: `kill -9`, or the like. Resolves when it is gone. */
	kill(): Promise<void>;
	/** Starts it again, at the same address and with what it keeps on disk. Resolves when it answers. */
	restart(): Promise<void>;
}

/** The options with which a handle is opened. */
export interface OpenOptions {
	/** The address to connect to instead of the setup's `target`. It leads to the same server. */
	readonly target?: string;
}

/**
 * The backend that one test runs against. Optional members are abilities of some backends: a test that needs a missing
 * one is skipped and says so.
 */
export interface BackendSetup<Handle> {
	/** Opens another handle on the same backend, as another process would. The suite closes it. */
	open(options: OpenOptions): Promise<Handle>;
	/** The address of the server where it is reached over TCP. The suite puts a proxy in front of it. */
	readonly target?: string;
	/** Kills the server and starts it again. */
	readonly outage?: BackendOutage;
	/**
	 * Counts the open handles of this process that do not keep its event loop alive: the connections that the server
	 * counts, for example. The suite compares the count before and after.
	 */
	readonly handles?: () => number | Promise<number>;
	/** Removes the backend. */
	close(): Promise<void>;
}

/** An object that is closed after a test, even if the test leaves it open. */
interface Closable {
	close(): Promise<void>;
}

/** How long to wait for a condition that has no bound of its own, in milliseconds. */
const usualPatienceMs = 120_000;

/** The backend of one test, and what the test opened on it. */
export class BackendLab<Handle extends Closable, Setup extends BackendSetup<Handle>> {
	/** How long to wait for a condition that has no bound of its own, in milliseconds. */
	readonly patienceMs: number;
	/** The measurements to be printed when the suite is over. */
	readonly figures: Map<string, string> = new Map();
	#make: (() => Promise<Setup>) | undefined;
	#setups: Setup[] = [];
	#open: Closable[] = [];

	constructor(patienceMs: number = usualPatienceMs) {
		this.patienceMs = patienceMs;
	}

	/** Makes the backend of a test. */
	async begin(make: () => Promise<Setup>): Promise<void> {
		this.#make = make;
		this.#setups.push(await make());
	}

	/** The backend of the test that runs. */
	get setup(): Setup {
		const [setup] = this.#setups;
		if (setup === undefined) throw new Error("the suite has no backend: setup did not run");
		return setup;
	}

	/** The first ability of these that the backend lacks. */
	lacks<Ability extends keyof Setup>(abilities: readonly Ability[]): Ability | undefined {
		return abilities.find((ability) => this.setup[ability] === undefined);
	}

	/** Opens a handle, and closes it after the test. */
	async open(options: OpenOptions = {}): Promise<Handle> {
		return this.closing(await this.setup.open(options));
	}

	/** Opens a handle on a separate backend, which is empty. */
	async openAnother(): Promise<Handle> {
		if (this.#make === undefined) throw new Error("the suite has no backend: setup did not run");
		const setup = await this.#make();
		this.#setups.push(setup);
		return this.closing(await setup.open({}));
	}

	/** Closes something after the test. */
	closing<Value extends Closable>(value: Value): Value {
		this.#open.push(value);
		return value;
	}

	/** Puts a proxy in front of the server, in a test that needs `target`. */
	async proxy(): Promise<FaultProxy> {
		const { target } = this.setup;
		if (target === undefined) throw new Error("the test did not say that it needs a target");
		return this.closing(await faultProxy({ target }));
	}

	/** The server, in a test that needs `outage`. */
	get outage(): BackendOutage {
		const { outage } = this.setup;
		if (outage === undefined) throw new Error("the test did not say that it needs an outage");
		return outage;
	}

	/** Runs an assertion until it passes, for `patienceMs` at most. */
	eventually(assertion: () => void | Promise<void>, intervalMs = 5): Promise<void> {
		return eventually(assertion, { patienceMs: this.patienceMs, intervalMs });
	}

	/** Counts the open handles: those that keep the event loop alive, by kind, and those that the backend counts. */
	async openHandles(): Promise<Record<string, number>> {
		const counts: Record<string, number> = {};
		for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
		const { handles } = this.setup;
		return handles === undefined ? counts : { ...counts, backend: await handles() };
	}

	/** Waits until no more handles are open than before. */
	leftNothing(before: Readonly<Record<string, number>>): Promise<void> {
		return this.eventually(async () => {
			const left = Object.entries(await this.openHandles());
			expect(left.filter(([kind, count]) => count > (before[kind] ?? 0))).toEqual([]);
		}, 20);
	}

	/** Closes everything that the test opened, the last first, and removes the backend. */
	async end(): Promise<void> {
		const [open, setups] = [this.#open.reverse(), this.#setups];
		this.#open = [];
		this.#setups = [];
		for (const each of open) await each.close();
		for (const setup of setups) await setup.close();
	}
}

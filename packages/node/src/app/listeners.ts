import type { EndpointTable, Logger } from "@allium/core";
import { type Acceptor, after, checkDuration, type Listener, waysOf } from "@allium/core/transport";
import type { Part } from "./part.ts";
import type { ProcessOptions } from "./process-options.ts";
import { within } from "./within.ts";

/** The endpoints and the options of a process' listeners. */
export interface ListenersOptions {
	/** The one port. Transports of the process that listen come before it. */
	readonly port: Acceptor;
	readonly endpoints: EndpointTable;
	readonly logger: Logger;
}

/**
 * The listeners of a process. When it drains, it accepts calls for `drainDelayMs` more, since callers learn only then
 * that it leaves. After that, calls in flight may take `gracePeriodMs`, and streams `streamGraceMs`.
 */
export class Listeners implements Part {
	readonly name: string = "the port";
	readonly #acceptors: readonly Acceptor[];
	readonly #endpoints: EndpointTable;
	readonly #logger: Logger;
	readonly #drainDelayMs: number;
	readonly #gracePeriodMs: number;
	readonly #streamGraceMs: number;
	readonly #listeners: Listener[] = [];
	#isOpen = false;

	/** @throws RangeError for a duration that cannot be used; TypeError for a transport that is none. */
	constructor({ port, endpoints, logger }: ListenersOptions, options: ProcessOptions) {
		const { drainDelayMs = 500, gracePeriodMs = 10_000, streamGraceMs = gracePeriodMs / 2 } = options;
		this.#acceptors = [...waysOf(options.transports ?? []).acceptors, port];
		this.#endpoints = endpoints;
		this.#logger = logger;
		this.#drainDelayMs = checkDuration("drainDelayMs", drainDelayMs, "finite");
		this.#gracePeriodMs = checkDuration("gracePeriodMs", gracePeriodMs);
		this.#streamGraceMs = checkDuration("streamGraceMs", streamGraceMs);
	}

	/** Whether all of them accept calls. */
	get isOpen(): boolean {
		return this.#isOpen;
	}

	/** The URLs at which the process can be reached, the preferred ones first. */
	get addresses(): readonly string[] {
		return this.#listeners.flatMap(({ addresses }) => addresses);
	}

	async start(): Promise<void> {
		for (const acceptor of this.#acceptors) {
			this.#listeners.push(await acceptor.listen(this.#endpoints, { logger: this.#logger }));
		}
		this.#isOpen = true;
	}

	async drain(): Promise<void> {
		if (!this.#isOpen) return;
		await new Promise<void>((resolve) => after(this.#drainDelayMs, resolve));
		const drained = Promise.all(this.#listeners.map((listener) => listener.drain()));
		const timer = after(this.#streamGraceMs, () => this.#endpoints.streams?.end());
		try {
			await within(this.#gracePeriodMs, drained);
		} finally {
			timer.stop();
		}
	}

	async stop(): Promise<void> {
		this.#isOpen = false;
		await Promise.all(this.#listeners.map((listener) => listener.close()));
	}
}

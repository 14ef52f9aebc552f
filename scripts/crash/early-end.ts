import { onStopSignals, type StopSignal } from "../start/stop-signals.ts";

const exitCodes: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/** A run that may be ended early. */
export interface EndsEarly {
	readonly signal: AbortSignal;
}

/**
 * Ends a run early on Ctrl-C or SIGTERM: the first lets it finish its cycle or step and print its figures, the second
 * ends the process at once.
 */
export class EarlyEnd implements Disposable {
	readonly #controller = new AbortController();
	readonly #ignore: () => void;
	#exitCode: number | undefined;

	/** @param say Called when the run ends early. */
	constructor(say: (line: string) => void) {
		const stop = (signal: StopSignal): void => {
			this.#exitCode = exitCodes[signal];
			this.#controller.abort();
			say("interrupted: the run ends soon, and tells its figures so far; once more ends it at once");
		};
		this.#ignore = onStopSignals(stop, (signal) => process.exit(exitCodes[signal]));
	}

	/** Aborted once the run is to end. */
	get signal(): AbortSignal {
		return this.#controller.signal;
	}

	/** The exit code of a run that was ended early: 130, or 143 after SIGTERM. Undefined while nothing has ended it. */
	get exitCode(): number | undefined {
		return this.#exitCode;
	}

	[Symbol.dispose](): void {
		this.#ignore();
	}
}

/** How many of the requested cycles a run has done, as a text. */
export function cyclesText(done: number, asked: number): string {
	const all = asked.toLocaleString("en");
	return done === asked ? all : `${done.toLocaleString("en")} of ${all}: interrupted`;
}

import { type ExitCode, exitCode } from "../command/exit-code.ts";

const codes = { SIGINT: exitCode.interrupted, SIGTERM: exitCode.terminated } as const;

type Signal = keyof typeof codes;

/** npm forwards a Ctrl-C that the terminal has sent already, so signals this close together are one request. */
const togetherMs = 400;

/** Listens for Ctrl-C and SIGTERM: the first asks to stop, the second ends the process at once. */
export class Interruption implements Disposable {
	#code: ExitCode | undefined;
	#firstAt = 0;
	readonly #onSignal: (signal: Signal) => void;

	constructor(stop: () => void, force: () => void = () => {}) {
		this.#onSignal = (signal) => {
			if (this.#code === undefined) {
				this.#code = codes[signal];
				this.#firstAt = performance.now();
				stop();
			} else if (performance.now() - this.#firstAt > togetherMs) {
				force();
				process.exit(codes[signal]);
			}
		};
		for (const signal of Object.keys(codes)) process.on(signal, this.#onSignal);
	}

	/** The exit code of an interrupted command. Undefined while nothing has interrupted it. */
	get code(): ExitCode | undefined {
		return this.#code;
	}

	[Symbol.dispose](): void {
		for (const signal of Object.keys(codes)) process.off(signal, this.#onSignal);
	}
}

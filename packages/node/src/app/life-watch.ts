import { type Logger, type Middleware, onSettled } from "@allium/core";

/** How long an app that serves nothing may be idle before the log says so, in milliseconds. */
const idleMs = 5_000;

/**
 * Finds programs that forget to start their app, and so end at once, and programs that forget to stop it, and so never
 * end. For development.
 */
export class LifeWatch {
	readonly #name: string;
	readonly #logger: Logger;
	#serves = false;
	/** Whether somebody has started or stopped the app, and so looks after it. */
	#isManaged = false;
	#inFlight = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(name: string, logger: Logger) {
		this.#name = name;
		this.#logger = logger;
	}

	/** The app serves something, so somebody will start it. */
	serves(): void {
		clearTimeout(this.#timer);
		if (this.#serves || this.#isManaged) return;
		this.#serves = true;
		process.once("beforeExit", this.#onBeforeExit);
	}

	/** The app has a client. */
	calls(): void {
		this.#rest();
	}

	/** The app was started or stopped. From now on nothing is logged. */
	managed(): void {
		this.#isManaged = true;
		clearTimeout(this.#timer);
		process.off("beforeExit", this.#onBeforeExit);
	}

	/** Around every call of the app's clients. */
	readonly middleware: Middleware = (next) => (input, ctx) => {
		if (!this.#isManaged) {
			this.#inFlight++;
			clearTimeout(this.#timer);
			onSettled(ctx, this.#onSettled);
		}
		return next(input, ctx);
	};

	/** The app waits for others, and is not idle. */
	async during<Result>(work: Promise<Result>): Promise<Result> {
		this.#inFlight++;
		clearTimeout(this.#timer);
		try {
			return await work;
		} finally {
			this.#onSettled();
		}
	}

	readonly #onSettled = (): void => {
		this.#inFlight--;
		this.#rest();
	};

	/** Looks later whether the app is idle, if no call is in flight. */
	#rest(): void {
		if (this.#isManaged || this.#serves || this.#inFlight > 0) return;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(this.#onIdle, idleMs);
		// A program that ends by itself needs no reminder.
		this.#timer.unref();
	}

	readonly #onBeforeExit = (): void => {
		const message = `${this.#name} ends without having been started: end the program with await app.run()`;
		this.#logger.log("warn", message);
	};

	readonly #onIdle = (): void => {
		// A program that serves by other means stays up on purpose.
		if (process.getActiveResourcesInfo().includes("TCPServerWrap")) return;
		this.#isManaged = true;
		this.#logger.log(
			"warn",
			`${this.#name} makes no calls any more, and keeps its process up: await app.stop() when it is done`,
		);
	};
}

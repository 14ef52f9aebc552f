/** The interval between ticks, in milliseconds. */
const tickMs = 5;

/**
 * Measures the time that this process could use. It counts ticks. A tick that is late because other processes had the
 * processor counts as one tick. A tick that is late because this thread was busy counts as the time of that work. A
 * bound such as "within 250 ms" therefore depends only on the process itself, however busy the machine is. The measured
 * time is never ahead of the wall clock by more than a tick, so it suits upper bounds.
 *
 * @example
 * using time = new RunningTime();
 * await vi.waitFor(() => expect(watcher.told).toEqual(["up a"]));
 * expect(time.milliseconds).toBeLessThan(250);
 */
export class RunningTime implements Disposable {
	#milliseconds = 0;
	#cpuUsage: NodeJS.CpuUsage = process.threadCpuUsage();
	readonly #timer: ReturnType<typeof setInterval>;

	/** Starts counting. */
	constructor() {
		this.#timer = setInterval(() => {
			this.#milliseconds += Math.max(tickMs, this.#work());
			this.#cpuUsage = process.threadCpuUsage();
		}, tickMs);
	}

	/** The time that has passed since counting started, in milliseconds. */
	get milliseconds(): number {
		return this.#milliseconds + this.#work();
	}

	/** Stops counting. */
	[Symbol.dispose](): void {
		clearInterval(this.#timer);
	}

	/** How long this thread has worked since the last tick, in milliseconds. */
	#work(): number {
		const { user, system } = process.threadCpuUsage(this.#cpuUsage);
		return (user + system) / 1_000;
	}
}

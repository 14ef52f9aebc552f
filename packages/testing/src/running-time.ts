/** How often it is counted, in milliseconds. */
const tickMs = 5;

/**
 * Measures time as this process could use it. It counts ticks, and a tick that comes late because other processes had
 * the processor counts as one; a tick that comes late because this thread was at work counts as that work. So "within
 * 250 ms" holds or fails for what the process did, however busy the machine is. It is never ahead of the clock on the
 * wall by more than a tick: use it for upper bounds.
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

	/** Begins to count. */
	constructor() {
		this.#timer = setInterval(() => {
			this.#milliseconds += Math.max(tickMs, this.#work());
			this.#cpuUsage = process.threadCpuUsage();
		}, tickMs);
	}

	/** How much time there was since it began. */
	get milliseconds(): number {
		return this.#milliseconds + this.#work();
	}

	/** Ends counting. */
	[Symbol.dispose](): void {
		clearInterval(this.#timer);
	}

	/** How long this thread was at work since the last tick, in milliseconds. */
	#work(): number {
		const { user, system } = process.threadCpuUsage(this.#cpuUsage);
		return (user + system) / 1_000;
	}
}

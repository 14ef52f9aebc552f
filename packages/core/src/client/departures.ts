/** How long departures are seen as one event, in milliseconds: two times to live of a registration. */
const windowMs = 10_000;

/**
 * Whether to believe a registry that lets instances go. Processes end one by one; when many go within a short
 * time it is more likely the registry that has a problem, or they that cannot reach it: after an outage, all
 * leases have run out. So it is believed as long as at least half of them stay.
 *
 * After Eureka's self-preservation and Envoy's panic threshold.
 */
export class Departures {
	/** The most instances at once since the first one of the window left, and the end of the window. */
	#most = 0;
	#until = Number.NEGATIVE_INFINITY;

	/** When what left meanwhile is no longer seen as one event. */
	get until(): number {
		return this.#until;
	}

	/** Notes that instances leave a number of them. */
	leave(from: number): void {
		const now = performance.now();
		if (now < this.#until) this.#most = Math.max(this.#most, from);
		else [this.#most, this.#until] = [from, now + windowMs];
	}

	/** Whether so many that stay, of so many that were not given up yet, are enough to believe it. */
	isCredible(stay: number, of: number): boolean {
		const most = performance.now() < this.#until ? Math.max(this.#most, of) : of;
		return 2 * stay >= most && stay > 0;
	}
}

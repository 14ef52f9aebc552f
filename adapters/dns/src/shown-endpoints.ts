import type { DnsEndpoint } from "./name-server.ts";

/**
 * The addresses of a name as watchers see them: the latest answer, and for a while the addresses that a doubtful answer
 * lacks. An empty answer is doubtful, and so is every answer shortly after an outage: a server that has just started
 * may know less than it did.
 */
export class ShownEndpoints {
	readonly #graceMs: number;
	#shown: ReadonlyMap<string, DnsEndpoint> | undefined;
	/** Since when the answers are empty. All times are of `performance.now()`. */
	#emptySince: number | undefined;
	/** The addresses that only doubtful answers lack, or lacked until they were dropped. */
	#doubted = new Set<string>();
	#hasFailed = false;
	#recoveredAt = Number.NEGATIVE_INFINITY;

	constructor(graceMs: number) {
		this.#graceMs = graceMs;
	}

	/** The addresses; undefined before the first answer. */
	get endpoints(): Iterable<DnsEndpoint> | undefined {
		return this.#shown?.values();
	}

	/** Whether an address that is gone was let go because of doubtful answers alone, so that it may still be there. */
	isDoubted(address: string): boolean {
		return this.#doubted.has(address);
	}

	/** Notes that there was no answer. */
	failed(): void {
		this.#hasFailed = true;
	}

	/**
	 * Notes an answer.
	 *
	 * @returns the time until which it is doubtful; undefined where it is not.
	 */
	answered(endpoints: readonly DnsEndpoint[], now: number): number | undefined {
		if (this.#hasFailed) this.#recoveredAt = now;
		this.#hasFailed = false;
		this.#emptySince = endpoints.length > 0 ? undefined : (this.#emptySince ?? now);
		const answer = new Map(endpoints.map((endpoint) => [endpoint.address, endpoint]));
		const doubtfulUntil =
			Math.max(this.#recoveredAt, this.#emptySince ?? Number.NEGATIVE_INFINITY) + this.#graceMs;
		const before = this.#shown ?? new Map<string, DnsEndpoint>();
		const missing = [...before.keys()].filter((address) => !answer.has(address));
		const isDoubtful = missing.length > 0 && now < doubtfulUntil;
		if (isDoubtful) this.#doubted = new Set(missing);
		else this.#doubted = new Set(missing.filter((address) => this.#doubted.has(address)));
		this.#shown = isDoubtful ? new Map([...before, ...answer]) : answer;
		return isDoubtful ? doubtfulUntil : undefined;
	}
}

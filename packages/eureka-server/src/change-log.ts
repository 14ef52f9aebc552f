import type { LeasedInstance } from "./leased-instance.ts";

/** How long a change is listed, in milliseconds, as in Netflix's server. Clients ask every 30 seconds. */
const keptMs = 180_000;

interface Change {
	readonly leased: LeasedInstance;
	readonly at: number;
}

/** The last change of each recently changed instance, bounded in bytes. The oldest changes are forgotten first. */
export class ChangeLog {
	readonly #maxBytes: number;
	/** In the order of their versions. */
	readonly #changes = new Map<string, Change>();
	#bytes = 0;
	/** The changes up to this one may have been forgotten. */
	#forgotten: number;

	/** @param version The version of the last change before this log. */
	constructor(maxBytes: number, version: number) {
		this.#maxBytes = maxBytes;
		this.#forgotten = version;
	}

	add(leased: LeasedInstance): void {
		this.#remove(leased.key);
		this.#changes.set(leased.key, { leased, at: performance.now() });
		this.#bytes += leased.bytes;
		this.#forget();
	}

	/** The listed changes, the earliest first. */
	all(): LeasedInstance[] {
		this.#forget();
		return Array.from(this.#changes.values(), ({ leased }) => leased);
	}

	/** The changes after a version, the earliest first. Undefined if some of them were forgotten. */
	since(version: number): LeasedInstance[] | undefined {
		const changes = this.all();
		return version < this.#forgotten ? undefined : changes.filter((leased) => leased.version > version);
	}

	#forget(): void {
		const oldest = performance.now() - keptMs;
		for (const [key, { leased, at }] of this.#changes) {
			if (at > oldest && this.#bytes <= this.#maxBytes) return;
			this.#remove(key);
			this.#forgotten = leased.version;
		}
	}

	#remove(key: string): void {
		const change = this.#changes.get(key);
		if (change === undefined) return;
		this.#changes.delete(key);
		this.#bytes -= change.leased.bytes;
	}
}

import type { Slice } from "../event/group-state.ts";
import { byCodePoints } from "./code-points.ts";
import type {
	DocumentQuery,
	ParkedKey,
	StoredDocument,
	ViewBuildReport,
	ViewChange,
	ViewLease,
	ViewPlaces,
} from "./view-store.ts";

/** One build of a view in memory. Handles share it. */
export class MemoryViewBuild {
	readonly build: number;
	readonly #createdAt = Date.now();
	readonly #nextEpoch: () => number;
	readonly #documents = new Map<string, StoredDocument>();
	readonly #parked = new Map<string, ParkedKey>();
	readonly #places = new Map<string, Map<number, string>>();
	#holder: string | undefined;
	#epoch: number;
	#renewal = 0;
	#trouble: string | undefined;
	/** When it was made live last, counted over all builds; 0 before it is built. */
	liveSince = 0;

	constructor(build: number, nextEpoch: () => number) {
		this.build = build;
		this.#nextEpoch = nextEpoch;
		this.#epoch = nextEpoch();
	}

	report(): ViewBuildReport {
		return {
			build: this.build,
			createdAt: this.#createdAt,
			isBuilt: this.liveSince > 0,
			holder: this.#holder,
			epoch: this.#epoch,
			renewal: `${this.#epoch}.${this.#renewal}`,
			places: this.#placesNow(),
			parked: this.#parked.size,
			isDue: [...this.#parked.values()].some(({ due }) => due),
			trouble: this.#trouble,
		};
	}

	claim(member: string, seenEpoch: number): ViewLease | undefined {
		if (this.#epoch !== seenEpoch) return undefined;
		this.#epoch = this.#nextEpoch();
		this.#holder = member;
		this.#renewal = 0;
		return { member, epoch: this.#epoch, places: this.#placesNow() };
	}

	isHeldBy({ epoch }: ViewLease): boolean {
		return this.#epoch === epoch && this.#holder !== undefined;
	}

	renew(trouble: string | undefined): void {
		this.#renewal++;
		this.#trouble = trouble;
	}

	release(): void {
		this.#holder = undefined;
		this.#renewal++;
	}

	apply({ places, documents = new Map(), park = [], unpark = [] }: ViewChange): void {
		this.#renewal++;
		for (const [topic, cursors] of places) {
			const lanes = this.#places.get(topic) ?? new Map();
			for (const [lane, cursor] of cursors) lanes.set(lane, cursor);
			this.#places.set(topic, lanes);
		}
		for (const [key, document] of documents) {
			if (document === null) this.#documents.delete(key);
			else this.#documents.set(key, document);
		}
		for (const key of unpark) this.#parked.delete(key);
		for (const each of park) this.#parked.set(each.key, each);
	}

	get(keys: readonly string[]): ReadonlyMap<string, string> {
		const found = new Map<string, string>();
		for (const key of keys) {
			const document = this.#documents.get(key);
			if (document !== undefined) found.set(key, document.text);
		}
		return found;
	}

	find({ fields, after, limit }: DocumentQuery): Slice<StoredDocument> {
		const wanted = Object.entries(fields);
		const all = [...this.#documents.values()].filter(({ fields }) =>
			wanted.every(([name, value]) => Object.hasOwn(fields, name) && fields[name] === value),
		);
		return page(all, { after, limit });
	}

	parked(bounds: { readonly after?: string; readonly limit: number }): Slice<ParkedKey> {
		return page([...this.#parked.values()], bounds);
	}

	parkedOf(keys: readonly string[]): readonly ParkedKey[] {
		return keys.flatMap((key) => this.#parked.get(key) ?? []);
	}

	retry(keys: readonly string[] | "all"): number {
		const found = keys === "all" ? [...this.#parked.values()] : this.parkedOf(keys);
		for (const each of found) this.#parked.set(each.key, { ...each, due: true });
		return found.length;
	}

	#placesNow(): ViewPlaces {
		return new Map(Array.from(this.#places, ([topic, cursors]) => [topic, new Map(cursors)]));
	}
}

/** A page of items in the order of their keys. */
function page<Item extends { readonly key: string }>(
	items: readonly Item[],
	{ after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Slice<Item> {
	const behind = items
		.filter(({ key }) => after === undefined || byCodePoints(key, after) > 0)
		.sort((one, other) => byCodePoints(one.key, other.key));
	const taken = behind.slice(0, limit);
	const last = taken.at(-1);
	return { items: taken, ...(last !== undefined && behind.length > limit && { next: last.key }) };
}

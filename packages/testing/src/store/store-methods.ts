import type { EventStore } from "@allium/core/store";

/** The methods of a store as a plain object, so that some can be replaced. */
export function storeMethods(store: EventStore): EventStore {
	return {
		location: store.location,
		log: store.log,
		state: store.state,
		features: (...asked) => store.features(...asked),
		identity: (...asked) => store.identity(...asked),
		append: (...asked) => store.append(...asked),
		read: (...asked) => store.read(...asked),
		madeBy: (...asked) => store.madeBy(...asked),
		outcome: (...asked) => store.outcome(...asked),
		snapshot: (...asked) => store.snapshot(...asked),
		saveSnapshot: (...asked) => store.saveSnapshot(...asked),
		dropSnapshots: (...asked) => store.dropSnapshots(...asked),
		streams: (...asked) => store.streams(...asked),
		transaction: (work, ctx) => store.transaction(work, ctx),
		close: () => store.close(),
	};
}

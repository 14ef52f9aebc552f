import type { Context, Logger } from "@allium/core";
import type { ViewBuild, ViewLease, ViewPlaces } from "@allium/core/store";
import type { FedEvent } from "./merged-feed.ts";
import type { ViewLog } from "./view.ts";

/** The parts that work on a build while this process holds it. */
export interface ViewWork {
	readonly view: string;
	readonly build: ViewBuild;
	readonly lease: ViewLease;
	/** The logs of its topics. */
	readonly logs: ReadonlyMap<string, ViewLog>;
	readonly dialect: "sqlite" | "postgres" | undefined;
	readonly logger: Logger;
	/** Ends when the lease is lost or the process stops. */
	readonly ctx: Context;
	/** Called with the time at which a change was sent, once it is applied. An applied change renews the lease. */
	readonly onApplied: (sentAt: number) => void;
	/** Reports why the view does not go on. Undefined if it does. */
	readonly onTrouble: (trouble: string | undefined) => Promise<void>;
}

/** How the events of a page become changes of a build. */
export interface ViewBatch {
	/** Takes events into the view. Resolves when all of them are applied. Rejects when the lease is lost. */
	take(events: readonly FedEvent[], places: ViewPlaces): Promise<void>;
	/** Tries again what an operator wants to be tried again. */
	retry(): Promise<void>;
}

/** Places with the events of a range, beside what is known of other lanes. */
export function placesOf(events: readonly FedEvent[]): ViewPlaces {
	const places = new Map<string, Map<number, string>>();
	for (const { topic, placed } of events) {
		const cursors = places.get(topic) ?? new Map<number, string>();
		places.set(topic, cursors.set(placed.lane, placed.cursor));
	}
	return places;
}

/** Places with those that came later put over them. */
export function later(places: ViewPlaces, then: ViewPlaces): ViewPlaces {
	const all = new Map<string, Map<number, string>>();
	for (const each of [places, then]) {
		for (const [topic, cursors] of each) {
			const known = all.get(topic) ?? new Map<number, string>();
			for (const [lane, cursor] of cursors) known.set(lane, cursor);
			all.set(topic, known);
		}
	}
	return all;
}

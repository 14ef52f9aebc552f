import { type Context, isServiceError, type Logger } from "@allium/core";
import type { ViewBuild, ViewLease, ViewPlaces } from "@allium/core/store";
import type { LoopTurn } from "./loop-turn.ts";
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
	readonly turn: LoopTurn;
	/**
	 * Whether this process leaves the view to another one at an event that it does not know. False if it did so shortly
	 * before, and no other process took the view.
	 */
	readonly mayLeave: () => boolean;
	/** Called with the time at which a change was sent, once it is applied. An applied change renews the lease. */
	readonly onApplied: (sentAt: number) => void;
	/** Reports why the view does not go on. Undefined if it does. */
	readonly onTrouble: (trouble: string | undefined) => Promise<void>;
}

/** How the events of a page become changes of a build. */
export interface ViewBatch {
	/** Takes events into the view. Resolves when all of them are applied. Rejects when the lease is lost. */
	take(events: readonly FedEvent[], places: ViewPlaces): Promise<void>;
	/** Tries the keys again for which an operator has requested it. */
	retry(): Promise<void>;
	/** Tries the keys again that were parked by a process that did not know their events. */
	retryUnknown(): Promise<void>;
}

/** Whether an event has a version that this process does not know, because a newer process of the app published it. */
export function isUnknownVersion(error: unknown): boolean {
	return isServiceError(error) && error.reason === "unknown_version";
}

/** The places after these events, for the lanes that they lie in. */
export function placesOf(events: readonly FedEvent[]): ViewPlaces {
	const places = new Map<string, Map<number, string>>();
	for (const { topic, placed } of events) {
		const cursors = places.get(topic) ?? new Map<number, string>();
		places.set(topic, cursors.set(placed.lane, placed.cursor));
	}
	return places;
}

/** Merges places. Later places replace earlier ones. */
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

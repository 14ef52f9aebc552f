import type { ParkedKey, ViewPlaces } from "@allium/core/store";
import type { Row } from "./query.ts";

/** The places that rows of topic, lane and cursor tell. */
export function readPlaces(rows: readonly Row[]): ViewPlaces {
	const places = new Map<string, Map<number, string>>();
	for (const [topic, lane, cursor] of rows) {
		const cursors = places.get(String(topic)) ?? new Map<number, string>();
		places.set(String(topic), cursors.set(Number(lane), String(cursor)));
	}
	return places;
}

type PlacesText = readonly (readonly [
	topic: string,
	cursors: readonly (readonly [lane: number, cursor: string])[],
])[];

/** Places as JSON. */
export function placesText(places: ViewPlaces): PlacesText {
	return Array.from(places, ([topic, cursors]) => [topic, [...cursors]]);
}

/** Reads a parked key that this adapter wrote. */
export function readParkedKey(text: string, due: boolean): ParkedKey {
	const { from, ...rest }: Omit<ParkedKey, "from" | "due"> & { readonly from: PlacesText } = JSON.parse(text);
	return { ...rest, from: new Map(from.map(([topic, cursors]) => [topic, new Map(cursors)])), due };
}

import type { ParkedKey, ViewPlaces } from "@allium/core/store";

type PlacesText = readonly (readonly [
	topic: string,
	cursors: readonly (readonly [lane: number, cursor: string])[],
])[];

/** Places as JSON. */
export function placesText(places: ViewPlaces): string {
	return JSON.stringify(listed(places));
}

/** The places that {@link placesText} was given. */
export function readPlaces(text: string): ViewPlaces {
	const places: PlacesText = JSON.parse(text);
	return new Map(places.map(([topic, cursors]) => [topic, new Map(cursors)]));
}

/** Known places with newer ones of some topics and lanes. */
export function mergedPlaces(known: ViewPlaces, newer: ViewPlaces): ViewPlaces {
	const merged = new Map(known);
	for (const [topic, cursors] of newer) {
		merged.set(topic, new Map([...(known.get(topic) ?? []), ...cursors]));
	}
	return merged;
}

/** A parked key as JSON. Whether it is due is kept separately. */
export function parkedText({ due: _, from, ...rest }: ParkedKey): string {
	return JSON.stringify({ ...rest, from: listed(from) });
}

/** The parked key that {@link parkedText} was given. */
export function readParkedKey(text: string, due: boolean): ParkedKey {
	const { from, ...rest }: Omit<ParkedKey, "from" | "due"> & { readonly from: PlacesText } = JSON.parse(text);
	return { ...rest, from: new Map(from.map(([topic, cursors]) => [topic, new Map(cursors)])), due };
}

function listed(places: ViewPlaces): PlacesText {
	return Array.from(places, ([topic, cursors]) => [topic, [...cursors]]);
}

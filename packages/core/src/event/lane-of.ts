import { fnv1a } from "../encoding/fnv1a.ts";
import type { EventRecord } from "./event-record.ts";

/** The lane of an event: by its key; without one, by its id, so that such events spread over all lanes. */
export function laneOf({ key, id }: Pick<EventRecord, "key" | "id">, lanes: number): number {
	return fnv1a(key ?? id) % lanes;
}

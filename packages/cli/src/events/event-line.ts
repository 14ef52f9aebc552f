import { eventText, type Placed } from "@allium/core/event";
import { positionText } from "../broker/position.ts";
import type { Styles } from "../terminal/terminal.ts";

/** An event as one line for people: time, type, key, data and id. */
export function eventLine({ event, fault, ...place }: Placed, { bold, dim, red }: Styles): string {
	const { time, type, key, id, data } = event;
	const parts =
		fault === undefined
			? [dim(time), bold(type), ...(key === undefined ? [] : [key]), JSON.stringify(data), dim(id)]
			: [red("no event"), fault, dim(positionText(place))];
	// A line break within a part would look like another event.
	return parts.map((part) => part.replaceAll("\n", "\\n")).join("  ");
}

/**
 * An event as one line for programs: a CloudEvent. A text that is not an event comes with its fault and its position.
 */
export function eventJson({ event, fault, ...place }: Placed): string {
	if (fault === undefined) return eventText(event, Number.POSITIVE_INFINITY);
	return JSON.stringify({ fault, position: positionText(place), text: event.data });
}

import type { App } from "allium";
import type { Facts } from "./facts.ts";
import { Bookings } from "./services/bookings/contract.ts";
import { Events } from "./services/events/contract.ts";

/**
 * Keeps the facts that the broker delivers: events, locations and bookings.
 *
 * @param group the name of the groups. It is the service's own, so that it stays the same in any app.
 */
export function keepFacts(app: App, facts: Facts, group: string): void {
	app.subscribe(
		Events,
		{
			locationCreated: (location, ctx) => facts.keep("location", location, ctx),
			eventCreated: (event, ctx) => facts.keep("event", event, ctx),
		},
		{ group },
	);
	app.subscribe(Bookings, { eventBooked: (booking, ctx) => facts.keep("booking", booking, ctx) }, { group });
}

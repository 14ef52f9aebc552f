import type { Publish, Service } from "allium";
import type { Facts } from "../../facts.ts";
import { Bookings } from "./contract.ts";

/** Knows events and locations from its own copy: it books while the events service is away. */
export function bookings(facts: Facts, publish: Publish): Service<typeof Bookings> {
	return {
		async book({ eventID, userId, seats }, ctx) {
			const event = facts.find("event", eventID);
			const location = event && facts.find("location", event.location_id);
			if (event === undefined || location === undefined) throw Bookings.book.error.no_event();
			const booking = { id: crypto.randomUUID(), eventId: event.id, userId, seats };
			await publish(Bookings.eventBooked(booking), ctx);
			// The broker delivers it, too, but the caller may look at once.
			await facts.keep("booking", booking, ctx);
			const { name, address } = location;
			return {
				id: booking.id,
				event: { id: event.id, name: event.name },
				location: { name, address },
				seats,
			};
		},

		list: async ({ eventID }) => facts.list("booking", "eventId", eventID),
	};
}

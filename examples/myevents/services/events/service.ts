import type { Publish, Service } from "allium";
import type { Facts } from "../../facts.ts";
import { type EventCreated, Events, type MyEvent } from "./contract.ts";

export function events(facts: Facts, publish: Publish): Service<typeof Events> {
	/** Undefined while its location is not known. */
	const shown = ({ location_id, ...event }: EventCreated): MyEvent | undefined => {
		const location = facts.find("location", location_id);
		const bookings = facts.list("booking", "eventId", event.id);
		const booked = bookings.reduce((sum, { seats }) => sum + seats, 0);
		return location && { ...event, location, booked };
	};

	return {
		async create({ location: { id = crypto.randomUUID(), ...place }, ...event }, ctx) {
			const known = facts.find("location", id);
			const location = known ?? { id, ...place };
			const created = { id: crypto.randomUUID(), ...event, location_id: id };
			const announced = Events.eventCreated(created);
			await publish(known ? announced : [Events.locationCreated(location), announced], ctx);
			// The broker delivers them, too, but the caller may look at once.
			await facts.keep("location", location, ctx);
			await facts.keep("event", created, ctx);
			return { ...event, id: created.id, location, booked: 0 };
		},

		list: async () => facts.list("event").flatMap((event) => shown(event) ?? []),

		async find({ SearchCriteria, search }) {
			const [found] = facts.list("event", SearchCriteria, search);
			const event = found && shown(found);
			if (event === undefined) throw Events.find.error.no_event();
			return event;
		},
	};
}

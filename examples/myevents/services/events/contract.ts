import { contract, event, method } from "allium";
import * as z from "zod";

const Hall = z.object({ name: z.string(), location: z.string().optional(), capacity: z.int().positive() });

const Location = z.object({
	id: z.string().min(1),
	name: z.string().min(1),
	address: z.string(),
	country: z.string(),
	opentime: z.int(),
	closetime: z.int(),
	halls: z.array(Hall).default([]),
});

export type Location = z.infer<typeof Location>;

/** Dates are seconds since 1970, the duration is minutes. */
const dates = { startdate: z.int(), enddate: z.int(), duration: z.int().positive() };

const EventCreated = z.object({ id: z.string(), name: z.string(), ...dates, location_id: z.string() });

export type EventCreated = z.infer<typeof EventCreated>;

const MyEvent = z.object({
	id: z.string(),
	name: z.string(),
	...dates,
	location: Location,
	/** How many seats are booked, as far as this service knows. */
	booked: z.int(),
});

export type MyEvent = z.infer<typeof MyEvent>;

/** The events service of "Cloud Native programming with Golang". */
export const Events = contract(
	"events",
	{
		create: method({
			summary: "Creates an event. A location without an id is a new one.",
			input: z.object({
				name: z.string().min(1),
				...dates,
				location: Location.partial({ id: true }),
			}),
			output: MyEvent,
		}),
		list: method({ summary: "All events.", output: z.array(MyEvent), effect: "read" }),
		find: method({
			summary: "The first event with this name, or the one with this id.",
			input: z.object({ SearchCriteria: z.enum(["name", "id"]), search: z.string() }),
			output: MyEvent,
			errors: { no_event: { code: "not_found", message: "there is no such event" } },
			effect: "read",
		}),
		locationCreated: event({ summary: "A place where events can be.", key: "id", data: Location }),
		// It has the key of its location, so that it never comes before that.
		eventCreated: event({
			summary: "An event that can be booked.",
			key: "location_id",
			data: EventCreated,
		}),
	},
	{ version: "1.0.0", summary: "Events of culture." },
);

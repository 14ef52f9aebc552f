import { contract, event, method } from "allium";
import * as z from "zod";

const Booking = z.object({
	id: z.string(),
	eventId: z.string(),
	userId: z.string(),
	seats: z.int().positive(),
});

export type Booking = z.infer<typeof Booking>;

const no_event = { code: "not_found", message: "there is no such event" } as const;

/** The bookings service of "Cloud Native programming with Golang". */
export const Bookings = contract(
	"bookings",
	{
		book: method({
			summary: "Books seats for an event.",
			input: z.object({
				eventID: z.string(),
				userId: z.string().default("anonymous"),
				seats: z.int().positive().default(1),
			}),
			output: z.object({
				id: z.string(),
				event: z.object({ id: z.string(), name: z.string() }),
				location: z.object({ name: z.string(), address: z.string() }),
				seats: z.int(),
			}),
			errors: { no_event },
		}),
		list: method({
			summary: "The bookings of an event.",
			input: z.object({ eventID: z.string() }),
			output: z.array(Booking),
			effect: "read",
		}),
		eventBooked: event({ summary: "Somebody booked seats.", key: "eventId", data: Booking }),
	},
	{ version: "1.0.0", summary: "Bookings of events." },
);

import { get, post, routes } from "allium";
import { Bookings } from "./contract.ts";

/** The paths of the book's bookings service. */
export const bookingRoutes = routes(Bookings, {
	book: post("/events/{eventID}/bookings", { status: 201 }),
	list: get("/events/{eventID}/bookings"),
});

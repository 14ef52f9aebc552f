import type { App } from "allium";
import type { Facts } from "../../facts.ts";
import { keepFacts } from "../../keep-facts.ts";
import { Bookings } from "./contract.ts";
import { bookingRoutes } from "./routes.ts";
import { bookings } from "./service.ts";

/** Adds the bookings service to an app. */
export function addBookings(app: App, facts: Facts): void {
	app.serve(Bookings, bookings(facts, app.publish), { routes: bookingRoutes });
	keepFacts(app, facts, "bookings");
}

import { get, post, routes } from "allium";
import { Events } from "./contract.ts";

/** The paths of the book's events service. */
export const eventRoutes = routes(Events, {
	create: post("/events", { status: 201, location: "/events/id/{id}" }),
	list: get("/events"),
	find: get("/events/{SearchCriteria}/{search}"),
});

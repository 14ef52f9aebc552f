import { get, post, routes } from "allium";
import { NewService } from "./contract.ts";

/** The service over REST. An input is the body, over it the query, over both the path. */
export const restRoutes = routes(NewService, {
	add: post("/notes", { status: 201, location: "/notes/{id}" }),
	get: get("/notes/{id}"),
	list: get("/notes"),
});

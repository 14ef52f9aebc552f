import { get, post, routes } from "allium";
import { NewService } from "./contract.ts";

/** The service over REST. An input is made of the body, the query and the path; the path wins. */
export const restRoutes = routes(
	NewService,
	{
		add: post("/items", { status: 201, location: "/items/{id}" }),
		get: get("/items/{id}"),
		list: get("/items"),
		buy: post("/items/{id}/buy"),
	},
	{ errors: { too_few: { status: 409 } } },
);

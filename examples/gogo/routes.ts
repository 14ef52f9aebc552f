import type { ErrorTemplate } from "allium";
import { get, post, routes } from "allium";
import { Matches } from "./contract.ts";

const refusal = (body: string): ErrorTemplate => ({ status: 400, type: "text/plain; charset=UTF-8", body });

/** The paths, statuses and errors of Cloud Native Go's gogo-service. */
export const matchRoutes = routes(Matches, {
	create: post("/matches", {
		status: 201,
		location: "/matches/{id}",
		errors: {
			unparsable: refusal("Failed to parse create match request"),
			invalid_input: refusal("Invalid new match request"),
		},
	}),
	list: get("/matches"),
	get: get("/matches/{id}"),
});

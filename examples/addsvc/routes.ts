import { post, routes } from "allium";
import { Add } from "./contract.ts";

/** The paths and errors of Go kit's addsvc over HTTP. */
export const addRoutes = routes(
	Add,
	{ sum: post("/sum"), concat: post("/concat") },
	{ errors: { "*": { type: "application/json; charset=utf-8", body: '{"error":"{message}"}' } } },
);

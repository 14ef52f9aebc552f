import { get, post, routes } from "allium";
import { Api } from "./contract.ts";

/** The bank over REST. Errors have the status of their code, except the one that has an HTTP status of its own. */
export const apiRoutes = routes(Api, {
	pay: post("/payments", {
		status: 201,
		errors: {
			insufficient_funds: {
				status: 402,
				type: "application/json",
				body: '{"code":"{code}","message":"{message}","reason":"{reason}"}',
			},
		},
	}),
	freeze: post("/cards/{card}/freeze"),
	unfreeze: post("/cards/{card}/unfreeze"),
	account: get("/accounts/{account}"),
	topUp: post("/accounts/{account}/top-ups", { status: 201 }),
	transfer: post("/transfers", { status: 202 }),
	findTransfer: get("/transfers/{id}"),
	feed: get("/accounts/{account}/feed"),
});

import { del, get, post, routes } from "allium";
import { Api } from "./contract.ts";

/** The paths of Monzo's API: https://docs.monzo.com/#webhooks */
export const apiRoutes = routes(Api, {
	createTransaction: post("/transactions", { status: 201 }),
	registerWebhook: post("/webhooks"),
	listWebhooks: get("/webhooks"),
	deleteWebhook: del("/webhooks/{webhook_id}"),
});

import type { App } from "allium";
import type { Facts } from "../../facts.ts";
import { keepFacts } from "../../keep-facts.ts";
import { Events } from "./contract.ts";
import { eventRoutes } from "./routes.ts";
import { events } from "./service.ts";

/** Adds the events service to an app. */
export function addEvents(app: App, facts: Facts): void {
	app.serve(Events, events(facts, app.publish), { routes: eventRoutes });
	keepFacts(app, facts, "events");
}

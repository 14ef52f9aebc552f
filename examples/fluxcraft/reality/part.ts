import type { App } from "allium";
import { Games } from "../commands/contract.ts";
import { Reality } from "./contract.ts";
import { Feed } from "./feed.ts";
import { realityRoutes } from "./routes.ts";
import { realityService } from "./service.ts";
import { reality } from "./view.ts";

/** Adds the service that shows games. Its processes share the view, and each gets all changes. */
export function addReality(app: App): void {
	const feed = new Feed();
	const { get } = app.project(reality);
	app.serve(Reality, realityService(get, feed), { routes: realityRoutes });
	app.subscribe(Games, feed.handlers, { each: true });
}

// The parts that MYEVENTS_PARTS names, as one process. Default: all.
import { type App, allium } from "allium";
import { Facts } from "./facts.ts";
import { addBookings } from "./services/bookings/part.ts";
import { addEvents } from "./services/events/part.ts";

const parts: ReadonlyMap<string, (app: App, facts: Facts) => void> = new Map([
	["events", addEvents],
	["bookings", addBookings],
]);
const all = [...parts.keys()].join(",");
const chosen = process.env.MYEVENTS_PARTS || all;

const app = allium({ name: "myevents" });
using files = new DisposableStack();
for (const name of chosen.split(",")) {
	const add = parts.get(name);
	if (add === undefined) {
		console.error(`MYEVENTS_PARTS names ${JSON.stringify(name)}; it takes some of ${all}`);
		process.exit(1);
	}
	add(app, files.use(await Facts.open(name, app.logger)));
}
await app.run();

// The parts that MYEVENTS_PARTS names, as one process. Default: all.
import { type App, allium } from "allium";
import { Facts } from "./facts.ts";
import { addBookings } from "./services/bookings/part.ts";
import { addEvents } from "./services/events/part.ts";

const parts: Readonly<Record<string, (app: App, facts: Facts) => void>> = {
	events: addEvents,
	bookings: addBookings,
};
const all = Object.keys(parts).join(",");
const { MYEVENTS_PARTS: chosen = all } = process.env;

const app = allium({ name: "myevents" });
using files = new DisposableStack();
for (const name of chosen.split(",")) {
	const add = parts[name];
	if (add === undefined) throw new Error(`MYEVENTS_PARTS names "${name}", and there is ${all}`);
	add(app, files.use(await Facts.open(name, app.logger)));
}
await app.run();

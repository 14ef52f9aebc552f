import { allium } from "allium";
import { Facts } from "../../facts.ts";
import { addEvents } from "./part.ts";

const app = allium({ name: "events" });
using facts = await Facts.open("events", app.logger);
addEvents(app, facts);
await app.run();

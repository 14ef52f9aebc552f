import { allium } from "allium";
import { Facts } from "../../facts.ts";
import { addBookings } from "./part.ts";

const app = allium({ name: "bookings" });
using facts = await Facts.open("bookings", app.logger);
addBookings(app, facts);
await app.run();

import { allium, logging } from "allium";
import { Apns } from "./contract.ts";
import { apns } from "./service.ts";

// Followers never leave by themselves, so the process does not wait long for them when it stops.
const app = allium({ name: "apns", gracePeriodMs: 2_000 });
app.serve(Apns, apns(), { middleware: [logging(app.logger)] });
await app.run();

import { allium, logging } from "allium";
import { failoverOnly } from "../../failover-only.ts";
import { Apns } from "../apns/contract.ts";
import { Feed } from "./contract.ts";
import { feed } from "./service.ts";

// Followers never leave by themselves, so the process does not wait long for them when it stops.
const app = allium({ name: "feed", gracePeriodMs: 2_000 });
const service = feed({ apns: app.client(Apns, failoverOnly()), logger: app.logger });
app.serve(Feed, service, { middleware: [logging(app.logger)] });
await app.run();

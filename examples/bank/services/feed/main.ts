import { allium, logging } from "allium";
import { failoverOnly } from "../../failover-only.ts";
import { Apns } from "../apns/contract.ts";
import { Balance } from "../balance/contract.ts";
import { FeedGenerator } from "../feed-generator/contract.ts";
import { Changes } from "./changes.ts";
import { Feed } from "./contract.ts";
import { entriesIn } from "./entries.ts";
import { pushing, waking } from "./handlers.ts";
import { feed } from "./service.ts";
import { feedView } from "./view.ts";

// Followers never leave by themselves, so the process does not wait long for them when it stops.
const app = allium({ name: "feed", gracePeriodMs: 2_000 });
const entries = entriesIn(app.project(feedView));
const changes = new Changes();
const generator = app.client(FeedGenerator, failoverOnly());
app.serve(Feed, feed({ entries, generator, changes }), { middleware: [logging(app.logger)] });
// One process pushes each event; all of them wake their followers.
const apns = app.client(Apns, failoverOnly());
app.subscribe(Balance, pushing({ entries, generator, apns }), { group: "push" });
app.subscribe(Balance, waking(entries, changes), { each: true });
await app.run();

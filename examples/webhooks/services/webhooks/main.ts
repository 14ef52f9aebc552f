import { allium, logging } from "allium";
import { Transactions } from "../api/contract.ts";
import { Webhooks } from "./contract.ts";
import { RegisteredWebhooks } from "./registered.ts";
import { fanOutTo, sendTo, webhooks } from "./service.ts";

const app = allium({ name: "webhooks" });
const registered = new RegisteredWebhooks();
// The example sends to receivers on this machine. In production, strangers choose the URLs, and nothing is allowed.
const allow = ["http", "private"] as const;
// A receiver that is away for a moment gets everything. In production: 12 attempts, from 5 s to 4 h.
const retry = { attempts: 8, firstDelayMs: 200, longestDelayMs: 1_000 };

app.serve(Webhooks, webhooks(registered), { middleware: [logging(app.logger)] });
app.subscribe(Transactions, fanOutTo(registered, app.publish), { group: "webhooks" });
app.subscribe(Webhooks, sendTo(registered, allow), { group: "senders", retry });
await app.run();

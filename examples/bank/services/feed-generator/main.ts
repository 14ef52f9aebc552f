import { allium, logging } from "allium";
import { failoverOnly } from "../../failover-only.ts";
import { Balance } from "../balance/contract.ts";
import { Feed } from "../feed/contract.ts";
import { TransactionEnrichment } from "../transaction-enrichment/contract.ts";
import { FeedGenerator } from "./contract.ts";
import { feedGenerator } from "./service.ts";

const app = allium({ name: "feed-generator" });
const service = feedGenerator({
	enrichment: app.client(TransactionEnrichment, failoverOnly()),
	balance: app.client(Balance, failoverOnly()),
	feed: app.client(Feed, failoverOnly()),
});
app.serve(FeedGenerator, service, { middleware: [logging(app.logger)] });
await app.run();

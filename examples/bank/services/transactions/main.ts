import { allium, logging } from "allium";
import { failoverOnly } from "../../failover-only.ts";
import { Balance } from "../balance/contract.ts";
import { FeedGenerator } from "../feed-generator/contract.ts";
import { Transactions } from "./contract.ts";
import { transactions } from "./service.ts";

const app = allium({ name: "transactions" });
const service = transactions({
	balance: app.client(Balance, failoverOnly()),
	// Nobody waits for the feed, so this client is the first of its chain, and retries.
	feedGenerator: app.client(FeedGenerator),
	logger: app.logger,
});
app.serve(Transactions, service, { middleware: [logging(app.logger)] });
await app.run();

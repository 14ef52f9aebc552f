import { allium, logging } from "allium";
import { failoverOnly } from "../../failover-only.ts";
import { TransactionEnrichment } from "../transaction-enrichment/contract.ts";
import { FeedGenerator } from "./contract.ts";
import { feedGenerator } from "./service.ts";

const app = allium({ name: "feed-generator" });
const service = feedGenerator(app.client(TransactionEnrichment, failoverOnly()));
app.serve(FeedGenerator, service, { middleware: [logging(app.logger)] });
await app.run();

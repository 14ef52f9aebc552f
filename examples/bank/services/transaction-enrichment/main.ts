import { allium, logging, metrics, retry, timeout, tracing } from "allium";
import { Merchants } from "../merchant/contract.ts";
import { TransactionEnrichment } from "./contract.ts";
import { transactionEnrichment } from "./service.ts";

const app = allium({ name: "transaction-enrichment" });
// The service has its own answer if none arrives in time. It therefore retries, but not for long.
const middleware = [tracing("client"), metrics("client"), timeout(1_000), retry()];
const merchants = app.client(Merchants, { middleware });
app.serve(TransactionEnrichment, transactionEnrichment(merchants), { middleware: [logging(app.logger)] });
await app.run();

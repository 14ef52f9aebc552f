import { allium, logging, retry, timeout } from "allium";
import { Merchants } from "../merchant/contract.ts";
import { TransactionEnrichment } from "./contract.ts";
import { transactionEnrichment } from "./service.ts";

const app = allium({ name: "transaction-enrichment" });
// It has an answer of its own when there is none in time: so it tries hard, but not for long.
const merchants = app.client(Merchants, { middleware: [timeout(1_000), retry()] });
app.serve(TransactionEnrichment, transactionEnrichment(merchants), { middleware: [logging(app.logger)] });
await app.run();

import { allium, logging } from "allium";
import { failoverOnly } from "../../failover-only.ts";
import { Balance } from "../balance/contract.ts";
import { Transactions } from "./contract.ts";
import { transactions } from "./service.ts";

const app = allium({ name: "transactions" });
const service = transactions(app.client(Balance, failoverOnly()));
app.serve(Transactions, service, { middleware: [logging(app.logger)] });
await app.run();

import { allium, logging } from "allium";
import { failoverOnly } from "../../failover-only.ts";
import { Balance } from "../balance/contract.ts";
import { Transfers } from "./contract.ts";
import { transfersService } from "./service.ts";
import { transfer } from "./transfer.ts";

const app = allium({ name: "transfers" });
app.serve(Transfers, transfersService(app.events), { middleware: [logging(app.logger)] });
// The workflow repeats failed calls, so these clients do not.
const balance = app.client(Balance, failoverOnly());
app.orchestrate(transfer({ balance, transfers: app.client(Transfers, failoverOnly()) }));
await app.run();

import { allium, Context, logging } from "allium";
import { customers } from "../../customers.ts";
import { bankFile } from "../../files.ts";
import { Balance } from "./contract.ts";
import { Ledger } from "./ledger.ts";
import { balance } from "./service.ts";

const app = allium({ name: "balance" });
const opening = Object.fromEntries(customers.map(({ account, opening }) => [account, opening]));
const file = bankFile("ledger.db");
using ledger = await Ledger.open(file, opening, app.logger, Context.background().withTimeout(10_000));
/** How long the caller still waits, in milliseconds: the deadline of the edge, less the time spent on the way. */
const fields = (ctx: Context) => ({ remainingMs: Math.round(ctx.remaining()) });
app.serve(Balance, balance(ledger), { middleware: [logging(app.logger, { fields })] });
await app.run();

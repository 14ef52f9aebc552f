import { allium, Context, logging } from "allium";
import { customers } from "../../customers.ts";
import { bankFile } from "../../files.ts";
import { Balance } from "./contract.ts";
import { Ledger } from "./ledger.ts";
import { balance } from "./service.ts";

const app = allium({ name: "balance" });
const opening = Object.fromEntries(customers.map(({ account, opening }) => [account, opening]));
const file = bankFile("ledger.db");
using ledger = await Ledger.open(file, opening, Context.background().withTimeout(10_000));
app.serve(Balance, balance(ledger), { middleware: [logging(app.logger)] });
await app.run();

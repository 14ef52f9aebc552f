import { allium, Context, handle, logging } from "allium";
import { customers } from "../../customers.ts";
import { Balance } from "./contract.ts";
import { ledger } from "./ledger.ts";
import { balance } from "./service.ts";

const app = allium({ name: "balance" });
/** How long the caller still waits, in milliseconds: the deadline of the edge, less the time spent on the way. */
const fields = (ctx: Context) => ({ remainingMs: Math.round(ctx.remaining()) });
app.serve(Balance, balance(app.events, app.logger), { middleware: [logging(app.logger, { fields })] });
const opening = Context.background().withTimeout(60_000);
for (const { account, opening: amount } of customers) {
	await handle(app.events, ledger, "open", { account, amount }, opening);
}
await app.run();

import { allium, logging } from "allium";
import { failoverOnly } from "../../failover-only.ts";
import { Cards } from "../cards/contract.ts";
import { Transactions } from "../transactions/contract.ts";
import { CardProcessing } from "./contract.ts";
import { cardProcessing } from "./service.ts";

const app = allium({ name: "card-processing" });
const service = cardProcessing({
	cards: app.client(Cards, failoverOnly()),
	transactions: app.client(Transactions, failoverOnly()),
});
app.serve(CardProcessing, service, { middleware: [logging(app.logger)] });
await app.run();

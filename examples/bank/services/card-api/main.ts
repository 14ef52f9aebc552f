import { allium, logging } from "allium";
import { failoverOnly } from "../../failover-only.ts";
import { CardProcessing } from "../card-processing/contract.ts";
import { Cards } from "../cards/contract.ts";
import { CardApi } from "./contract.ts";
import { cardApi } from "./service.ts";

const app = allium({ name: "card-api" });
const service = cardApi({
	cards: app.client(Cards, failoverOnly()),
	processing: app.client(CardProcessing, failoverOnly()),
});
app.serve(CardApi, service, { middleware: [logging(app.logger)] });
await app.run();

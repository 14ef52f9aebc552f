import { allium, logging } from "allium";
import { customers } from "../../customers.ts";
import { Cards } from "./contract.ts";
import { cards } from "./service.ts";

const app = allium({ name: "cards" });
const issued = customers.map(({ account, card }) => ({ card, account, state: "active" }) as const);
app.serve(Cards, cards(issued), { middleware: [logging(app.logger)] });
await app.run();

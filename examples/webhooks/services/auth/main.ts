import { allium, logging } from "allium";
import { Auth } from "./contract.ts";
import { auth } from "./service.ts";

const app = allium({ name: "auth" });
const accounts = new Map([
	["token-ann", "acc_ann"],
	["token-ben", "acc_ben"],
]);
app.serve(Auth, auth(accounts), { middleware: [logging(app.logger)] });
await app.run();

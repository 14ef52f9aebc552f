import { allium, logging } from "allium";
import { bankFile } from "../../files.ts";
import { Balance } from "../balance/contract.ts";
import { CardApi } from "../card-api/contract.ts";
import { Feed } from "../feed/contract.ts";
import { audit } from "./audit.ts";
import { AuditFile } from "./audit-file.ts";
import { Api } from "./contract.ts";
import { apiRoutes } from "./routes.ts";
import { api } from "./service.ts";

// Who follows does so for ever: the process does not wait long for them when it stops.
const app = allium({ name: "api", gracePeriodMs: 2_000 });
// The first of the chain: its clients have the usual layers, which try again what may be tried again.
const service = api({
	cardApi: app.client(CardApi),
	balance: app.client(Balance),
	feed: app.client(Feed),
});
await using auditFile = new AuditFile(bankFile("audit.jsonl"), app.logger);
app.serve(Api, service, {
	routes: apiRoutes,
	middleware: [logging(app.logger), audit({ write: auditFile.write, redact: ["card"] })],
});
await app.run();

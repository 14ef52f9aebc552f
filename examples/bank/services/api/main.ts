import { allium, clientDefaults, logging } from "allium";
import { bankFile } from "../../files.ts";
import { passPositions } from "../../pass-positions.ts";
import { Balance } from "../balance/contract.ts";
import { CardApi } from "../card-api/contract.ts";
import { Feed } from "../feed/contract.ts";
import { Transfers } from "../transfers/contract.ts";
import { audit } from "./audit.ts";
import { AuditFile } from "./audit-file.ts";
import { Api } from "./contract.ts";
import { apiRoutes } from "./routes.ts";
import { api } from "./service.ts";

// Followers never leave by themselves, so the process does not wait long for them when it stops.
const app = allium({ name: "api", gracePeriodMs: 2_000 });
// This is the first service of the chain. The default layers of its clients retry calls that may be retried.
const layers = { middleware: [passPositions, ...clientDefaults().middleware] };
const service = api({
	cardApi: app.client(CardApi, layers),
	balance: app.client(Balance, layers),
	feed: app.client(Feed, layers),
	transfers: app.client(Transfers, layers),
});
await using auditFile = new AuditFile(bankFile("audit.jsonl"), app.logger);
app.serve(Api, service, {
	routes: apiRoutes,
	middleware: [logging(app.logger), audit({ write: auditFile.write, redact: ["card"] })],
});
await app.run();

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

// Followers never leave by themselves, so the process does not wait long for them when it stops.
const app = allium({ name: "api", gracePeriodMs: 2_000 });
// This is the first service of the chain. Its clients have the default layers, which retry what may be retried.
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

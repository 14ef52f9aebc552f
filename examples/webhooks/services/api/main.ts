import { allium, type Guard, logging } from "allium";
import { Auth } from "../auth/contract.ts";
import { Webhooks } from "../webhooks/contract.ts";
import { bearerGuard } from "./bearer-guard.ts";
import { Api, Transactions } from "./contract.ts";
import { apiRoutes } from "./routes.ts";
import { api } from "./service.ts";

// The guard asks a service, whose client the app makes.
const guard: Guard = (request, ctx) => bearer(request, ctx);
const app = allium({ name: "api", guard, publishes: [Transactions] });
const bearer = bearerGuard(app.client(Auth));
const service = api({ webhooks: app.client(Webhooks), publish: app.publish });
app.serve(Api, service, { routes: apiRoutes, middleware: [logging(app.logger)] });
await app.run();

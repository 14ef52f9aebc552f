import { allium } from "allium";
import { NewService } from "./contract.ts";
import { restRoutes } from "./routes.ts";
import { itemService } from "./service.ts";

const app = allium({ name: "new-service" });
app.serve(NewService, itemService(), { routes: restRoutes });
await app.run(); // until SIGTERM or Ctrl-C, then it drains

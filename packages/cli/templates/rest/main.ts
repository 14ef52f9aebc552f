import { allium } from "allium";
import { NewService } from "./contract.ts";
import { restRoutes } from "./routes.ts";
import { notesService } from "./service.ts";

const app = allium({ name: "new-service" });
app.serve(NewService, notesService(), { routes: restRoutes });
await app.run(); // until SIGTERM or Ctrl-C, then drains

import { allium } from "allium";
import { NewService } from "./contract.ts";
import { service } from "./service.ts";

const app = allium({ name: "new-service" });
app.serve(NewService, service);
await app.run(); // until SIGTERM or Ctrl-C, then it drains

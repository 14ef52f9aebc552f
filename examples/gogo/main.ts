import { allium } from "allium";
import { Matches } from "./contract.ts";
import { memoryMatches } from "./repository.ts";
import { matchRoutes } from "./routes.ts";
import { matchService } from "./service.ts";

const app = allium({ name: "gogo" });
app.serve(Matches, matchService(memoryMatches()), { routes: matchRoutes });
await app.run();

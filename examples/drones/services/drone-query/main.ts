import { allium, Context } from "allium";
import { dronesFile } from "../../files.ts";
import { LastEventsFile } from "../../last-events-file.ts";
import { DroneQuery } from "./contract.ts";
import { queryRoutes } from "./routes.ts";
import { droneQuery } from "./service.ts";

const app = allium({ name: "drone-query" });
const opening = Context.background().withTimeout(60_000);
using lastEvents = await LastEventsFile.open(dronesFile("last-events.db"), app.logger, opening);
app.serve(DroneQuery, droneQuery(lastEvents), { routes: queryRoutes });
await app.run();

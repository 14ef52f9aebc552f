import { allium } from "allium";
import { Drones } from "./contract.ts";
import { dronesRoutes } from "./routes.ts";
import { drones } from "./service.ts";

const app = allium({ name: "drone-cmds" });
app.serve(Drones, drones(app.publish), { routes: dronesRoutes });
await app.run();

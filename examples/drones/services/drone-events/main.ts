import { allium, Context, delivery, logging } from "allium";
import { dronesFile } from "../../files.ts";
import { LastEventsFile } from "../../last-events-file.ts";
import { Drones } from "../drone-cmds/contract.ts";
import { droneHandlers } from "./handlers.ts";

// Start as many as you like: each works on some of the drones.
const app = allium({ name: "drone-events" });
const opening = Context.background().withTimeout(60_000);
using lastEvents = await LastEventsFile.open(dronesFile("last-events.db"), app.logger, opening);
const fields = (ctx: Context) => ({ drone: delivery(ctx).key, attempt: delivery(ctx).attempt });
app.subscribe(Drones, droneHandlers(lastEvents), { middleware: [logging(app.logger, { fields })] });
await app.run();

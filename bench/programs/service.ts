// The service behind the gateway of the benchmark: a process of its own, found through the registry.
import { allium, silentLogger } from "allium";
import { Work, work } from "../stack.ts";

const app = allium({ name: "work", logger: silentLogger });
app.serve(Work, work);
await app.start();
process.on("disconnect", () => void app.stop());
process.send?.("ready");

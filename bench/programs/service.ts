// The service behind the benchmark's gateway. It is a separate process, and the gateway finds it in the registry.
import { allium, silentLogger } from "allium";
import { Work, work } from "../stack.ts";

const app = allium({ name: "work", logger: silentLogger });
app.serve(Work, work);
await app.start();
process.on("disconnect", () => void app.stop());
process.send?.("ready");

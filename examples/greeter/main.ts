import { allium } from "allium";
import { Greeter } from "./contract.ts";
import { greeter } from "./service.ts";

const app = allium({ name: "greeter" });
app.serve(Greeter, greeter);
await app.run();

// The same program as one process or as two:
//   node main.ts together   adds in this process
//   node main.ts            adds wherever "add" is up
import { allium } from "allium";
import { Add } from "../addsvc/contract.ts";
import { addService } from "../addsvc/service.ts";
import { Stats } from "./contract.ts";
import { statsService } from "./service.ts";

const app = allium({ name: "stats" });
const add = process.argv[2] === "together" ? addService : app.client(Add);

app.serve(Stats, statsService(add));
await app.run();

import { allium, logging } from "allium";
import { Apns } from "./contract.ts";
import { apns } from "./service.ts";

const app = allium({ name: "apns" });
app.serve(Apns, apns(), { middleware: [logging(app.logger)] });
await app.run();

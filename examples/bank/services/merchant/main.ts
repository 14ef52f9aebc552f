import { allium, logging } from "allium";
import { Merchants } from "./contract.ts";
import { directory } from "./directory.ts";
import { merchants } from "./service.ts";

const app = allium({ name: "merchant" });
app.serve(Merchants, merchants(directory), { middleware: [logging(app.logger)] });
await app.run();

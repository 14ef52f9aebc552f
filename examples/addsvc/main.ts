import { allium } from "allium";
import { Add } from "./contract.ts";
import { type Counters, counting } from "./counting.ts";
import { logging } from "./logging.ts";
import { addRoutes } from "./routes.ts";
import { addService } from "./service.ts";

const app = allium({ name: "addsvc" });
const counters: Counters = { integersSummed: 0, charactersConcatenated: 0 };

app.serve(Add, addService, {
	service: [logging(app.logger), counting(counters)],
	routes: addRoutes,
});
await app.run();

app.logger.log("info", "counted", { ...counters });

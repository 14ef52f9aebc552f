import { allium, bulkhead, only, serverDefaults, textLogger } from "allium";
import { Add } from "./contract.ts";
import { type Counters, counting } from "./counting.ts";
import { logging } from "./logging.ts";
import { addRoutes } from "./routes.ts";
import { addService } from "./service.ts";
import { slowCalls } from "./slow-calls.ts";

const logger = textLogger();
const counters: Counters = { integersSummed: 0, charactersConcatenated: 0 };

const app = allium({
	name: "addsvc",
	logger,
	// Server-wide: around every method of every service of this process.
	middleware: [...serverDefaults().middleware, slowCalls(logger, 1_000)],
});
app.serve(Add, addService, {
	routes: addRoutes,
	// Endpoint: around the methods of this service. Primes keep the processor busy.
	middleware: [only("primes", bulkhead({ concurrency: 16 }))],
	// Service: around the service as a whole, with its types.
	service: [logging(logger), counting(counters)],
});
await app.run();

logger.log("info", "counted", { ...counters });

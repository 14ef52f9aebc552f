// A process that runs workflows until it is killed, for the suite of workflows and for crash tests:
// node payment-worker.js <module> <url>
import type { EventStoreModule } from "../store/account-event.ts";
import { pause } from "../suite/eventually.ts";
import { payment } from "./payment.ts";
import { WorkflowProcess } from "./workflow-process.ts";

const [module = "", url = ""] = process.argv.slice(2);

// A harness that is killed cannot end its workers, so they end themselves.
const parent = process.ppid;

const adapter: EventStoreModule = await import(module);
const store = await adapter.eventStore(url, {});
await WorkflowProcess.begin(payment(store, console.log), store);
console.log("ready");
while (process.ppid === parent) await pause(200);
process.exit();

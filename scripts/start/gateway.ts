// The gateway of the example system, in a separate process.
import { gateway } from "@allium/gateway";

// Streams that pass through may be endless, so Ctrl-C does not wait long for them.
await gateway({ gracePeriodMs: 2_000, adapters: { sqlite: () => import("@allium/sqlite") } }).run();

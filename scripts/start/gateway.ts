// The gateway of the example system, in a process of its own.
import { gateway } from "@allium/gateway";

// Streams that pass through may be endless, so Ctrl-C does not wait long for them.
await gateway({ gracePeriodMs: 2_000, adapters: { sqlite: () => import("@allium/sqlite") } }).run();

// The gateway of the example system, in a process of its own.
import { gateway } from "@allium/gateway";

await gateway({ adapters: { sqlite: () => import("@allium/sqlite") } }).run();

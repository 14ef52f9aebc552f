// Checks which package imports what. `npm run check` includes it.
import { boundaryViolations } from "./boundaries/boundaries.ts";
import { root } from "./workspace/root.ts";

const violations = boundaryViolations(root);
for (const violation of violations) console.error(violation);
if (violations.length > 0) process.exitCode = 1;
else console.log("Every package imports only what it may.");

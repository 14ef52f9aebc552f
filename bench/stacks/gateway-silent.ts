import { silentLogger } from "@allium/core";
import type { Stack } from "../stack.ts";
import { fronted } from "./fronted.ts";

/** The gateway without its access log. */
const stack: Stack = fronted({
	name: "Allium gateway without its access log",
	options: { logger: silentLogger },
});

export default stack;

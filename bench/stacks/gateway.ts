import type { Stack } from "../stack.ts";
import { fronted } from "./fronted.ts";

/** A gateway with its defaults: request ids, and an access log. */
const stack: Stack = fronted({
	name: "Allium gateway → frames → service",
});

export default stack;

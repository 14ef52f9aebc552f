import type { Stack } from "../stack.ts";
import { fronted, longInput } from "./fronted.ts";

/** The gateway, with a request and an answer of 10 KB. */
const stack: Stack = fronted({
	name: "Allium gateway, 10 KB each way",
	http: { path: "/add/concat", body: longInput },
});

export default stack;

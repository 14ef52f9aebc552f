import type { Stack } from "../stack.ts";
import { fronted, longInput } from "./fronted.ts";

/** The gateway, with an answer of 10 KB that it compresses. */
const stack: Stack = fronted({
	name: "Allium gateway, 10 KB each way, the answer compressed",
	http: { path: "/add/concat", body: longInput, headers: { "accept-encoding": "gzip" } },
});

export default stack;

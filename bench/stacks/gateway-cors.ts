import type { Stack } from "../stack.ts";
import { fronted } from "./fronted.ts";

/** The gateway with CORS, called by a page of another origin. */
const stack: Stack = fronted({
	name: "Allium gateway with CORS",
	http: { path: "/add/sum", headers: { origin: "https://app.example.com" } },
	options: { cors: ["https://app.example.com"] },
});

export default stack;

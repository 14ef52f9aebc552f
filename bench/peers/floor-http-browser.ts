import { browserHeaders } from "../browser-headers.ts";
import type { Stack } from "../stack.ts";
import floorHttp from "./floor-http.ts";

/** The floor H, called with the headers of a browser. */
const stack: Stack = {
	...floorHttp,
	name: "H, with the headers of a browser",
	http: { path: "/sum", headers: browserHeaders },
};

export default stack;

import { browserHeaders } from "../browser-headers.ts";
import type { Stack } from "../stack.ts";
import httpStack from "./http.ts";

/** Connect JSON, called with the headers of a browser. */
const stack: Stack = {
	...httpStack,
	name: "Allium Connect JSON over HTTP/1.1, with the headers of a browser",
	http: { path: "/add/sum", headers: browserHeaders },
};

export default stack;

import { createServer } from "node:https";
import { certificate } from "../certificate.ts";
import type { Stack } from "../stack.ts";
import floorHttp, { answer } from "./floor-http.ts";
import { listen } from "./listen.ts";

/** The floor H over TLS. */
const stack: Stack = {
	...floorHttp,
	name: "H over TLS: bare node:https",

	serve() {
		const { certificate: cert, key } = certificate();
		return listen(createServer({ cert, key }, answer), "https");
	},
};

export default stack;

import type { Stack } from "../stack.ts";
import { fronted } from "./fronted.ts";

/** The gateway, called with the request id of the client. */
const stack: Stack = fronted({
	name: "Allium gateway, the id given by the client",
	http: { path: "/add/sum", headers: { "x-request-id": "0190f5e4-6b1e-7cc3-98c4-dc0c0c07398f" } },
});

export default stack;

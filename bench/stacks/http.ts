import { http } from "@allium/node";
import type { Stack } from "../stack.ts";
import { callWork, serveWork } from "./allium.ts";

/** Connect JSON over HTTP/1.1 on the same port, with the default middleware and Allium's own client. */
const httpStack: Stack = {
	name: "Allium Connect JSON over HTTP/1.1",
	http: { path: "/add/sum" },
	serve: () => serveWork("http"),
	connect: (address) => callWork(address, http()),
};

export default httpStack;

import { frames } from "@allium/node";
import type { Stack } from "../stack.ts";
import { callWork, serveWork } from "./allium.ts";

/** Allium frames with the default middleware: balancer, timeout, retry, validation, tracing and metrics hooks. */
const framesStack: Stack = {
	name: "Allium frames, default onion",
	serve: () => serveWork("allium"),
	connect: (address) => callWork(address, frames()),
};

export default framesStack;

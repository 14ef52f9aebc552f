import { httpLink } from "@trpc/client";
import type { Stack } from "../stack.ts";
import { callTrpc, serveTrpc } from "./trpc-work.ts";

const trpc: Stack = {
	name: "tRPC httpLink",
	serve: serveTrpc,
	connect: (address) => callTrpc(httpLink({ url: address })),
};

export default trpc;

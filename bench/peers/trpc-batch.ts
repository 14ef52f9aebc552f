import { httpBatchLink } from "@trpc/client";
import type { Stack } from "../stack.ts";
import { callTrpc, serveTrpc } from "./trpc-work.ts";

/** Calls made in one turn go out as one request, so its throughput under load is that of batches. */
const trpcBatch: Stack = {
	name: "tRPC httpBatchLink",
	serve: serveTrpc,
	connect: (address) => callTrpc(httpBatchLink({ url: address })),
};

export default trpcBatch;

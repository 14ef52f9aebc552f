import { type ConnectRouter, createClient, type Transport } from "@connectrpc/connect";
import { type Calls, drained } from "../stack.ts";
import { Add } from "./add_pb.ts";
import { concat, sum } from "./work.ts";

/** The routes of Connect. The types of protobuf are their validation. */
export function connectRoutes(router: ConnectRouter): void {
	router.service(Add, {
		sum: (request) => sum(request),
		concat: (request) => concat(request),
		async *count({ upTo }) {
			for (let n = 0; n < upTo; n++) yield { n };
		},
	});
}

export async function callConnect(transport: Transport): Promise<Calls> {
	const client = createClient(Add, transport);
	return {
		sum: (input) => client.sum(input),
		concat: (input) => client.concat(input),
		count: (upTo) => drained(client.count({ upTo })),
		close: async () => {},
	};
}

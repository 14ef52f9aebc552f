import { type BrokerOptions, ServiceBroker } from "moleculer";
import type { Calls, Concat, Sum } from "../stack.ts";
import { concat, sum } from "./work.ts";

/** Makes a broker as in production. It logs only warnings, and validates parameters, which is its default. */
function brokerOf(nodeID: string, options: BrokerOptions): ServiceBroker {
	return new ServiceBroker({ nodeID, namespace: options.namespace ?? "bench", logLevel: "warn", ...options });
}

/** Starts a node that serves the work. */
export async function serveMoleculer(nodeID: string, options: BrokerOptions): Promise<() => Promise<void>> {
	const broker = brokerOf(nodeID, options);
	broker.createService({
		name: "add",
		actions: {
			sum: {
				params: { a: "number|integer", b: "number|integer" },
				handler: ({ params }: { params: { a: number; b: number } }) => sum(params),
			},
			concat: {
				params: { a: "string", b: "string" },
				handler: ({ params }: { params: { a: string; b: string } }) => concat(params),
			},
		},
	});
	await broker.start();
	return () => broker.stop();
}

/** Starts a node that calls it. */
export async function callMoleculer(nodeID: string, options: BrokerOptions): Promise<Calls> {
	const broker = brokerOf(nodeID, options);
	await broker.start();
	await broker.waitForServices("add", 20_000);
	return {
		sum: (input) => broker.call("add.sum", input) as ReturnType<Sum>,
		concat: (input) => broker.call("add.concat", input) as ReturnType<Concat>,
		close: () => broker.stop(),
	};
}

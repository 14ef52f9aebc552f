import { fileURLToPath } from "node:url";
import {
	type ClientReadableStream,
	type ClientUnaryCall,
	credentials,
	loadPackageDefinition,
	Server,
	ServerCredentials,
	type ServerUnaryCall,
	type ServerWritableStream,
	type ServiceClientConstructor,
	type sendUnaryData,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { drained, type Stack } from "../stack.ts";
import { type ConcatInput, concat, type SumInput, sum } from "./work.ts";

/** Loaded as the documentation of gRPC does. */
const definition = loadSync(fileURLToPath(new URL("add.proto", import.meta.url)), {
	keepCase: true,
	longs: String,
	enums: String,
	defaults: true,
	oneofs: true,
});
const { Add } = loadPackageDefinition(definition).bench as unknown as { Add: ServiceClientConstructor };

type Unary = (input: unknown, callback: (error: Error | null, reply: never) => void) => ClientUnaryCall;

/** gRPC. The types of protobuf are its validation. */
const grpc: Stack = {
	name: "@grpc/grpc-js",

	async serve() {
		const server = new Server();
		server.addService(Add.service, {
			Sum: ({ request }: ServerUnaryCall<SumInput, unknown>, callback: sendUnaryData<unknown>) =>
				callback(null, sum(request)),
			Concat: ({ request }: ServerUnaryCall<ConcatInput, unknown>, callback: sendUnaryData<unknown>) =>
				callback(null, concat(request)),
			Count: async (call: ServerWritableStream<{ up_to: number }, { n: number }>) => {
				for (let n = 0; n < call.request.up_to; n++) {
					if (!call.write({ n })) await new Promise((resolve) => call.once("drain", resolve));
				}
				call.end();
			},
		});
		const port = await new Promise<number>((resolve, reject) => {
			server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
				if (error === null) resolve(bound);
				else reject(error);
			});
		});
		return { address: `127.0.0.1:${port}`, close: async () => server.forceShutdown() };
	},

	async connect(address) {
		const client = new Add(address, credentials.createInsecure());
		const call = (method: string, input: unknown): Promise<never> =>
			new Promise((resolve, reject) => {
				(client[method] as Unary).call(client, input, (error, reply) => {
					if (error === null) resolve(reply);
					else reject(error);
				});
			});
		const count = client.Count as (input: { up_to: number }) => ClientReadableStream<unknown>;
		return {
			sum: (input) => call("Sum", input),
			concat: (input) => call("Concat", input),
			count: (upTo) => drained(count.call(client, { up_to: upTo })),
			close: async () => client.close(),
		};
	},
};

export default grpc;

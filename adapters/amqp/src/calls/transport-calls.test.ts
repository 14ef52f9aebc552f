import { callSuite } from "@allium/testing/call-suite";
import { describeServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { RunningRabbit } from "../fixtures/running-rabbit.ts";
import { transport } from "./transport.ts";

const file = new URL("./fixtures/calling-process.ts", import.meta.url).pathname;
const waits = "calls wait in the queue for an instance, as long as their deadline lets them";

describeServer("rabbitmq", (program) => {
	let server: RunningRabbit;
	beforeAll(async () => {
		server = await RunningRabbit.start(program);
	});
	afterAll(() => server[Symbol.asyncDispose]());

	callSuite(
		"queues of RabbitMQ",
		async () => {
			const url = server.newUrl();
			const listens = transport(url);
			return {
				transport: transport(url),
				listen: (endpoints, address) => listens.listen(endpoints, address === undefined ? {} : { address }),
				program: { file, args: [url] },
				between: {
					url: `amqp://${server.host}`,
					transport: (through) => transport(server.through(url, through)),
				},
			};
		},
		{
			refuses: ["server_stream", "client_stream", "bidi_stream"],
			skip: { away: waits, told: waits, streams: "calls are unary", stopping: "calls are unary" },
		},
	);
});

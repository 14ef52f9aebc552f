import { callSuite } from "@allium/testing/call-suite";
import { describeServer, natsServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterAll, beforeAll } from "vitest";
import { transport } from "./transport.ts";

const file = new URL("./fixtures/calling-process.ts", import.meta.url).pathname;

for (const version of ["nats-2.9", "nats-2.15"] as const) {
	describeServer(version, (program) => {
		let server: ServerProcess;
		beforeAll(async () => {
			server = await startServer(natsServer({ file: program }));
		});
		afterAll(() => server.close());

		callSuite(
			"frames over NATS",
			async () => {
				const url = `nats://127.0.0.1:${server.port}`;
				const listens = transport(url);
				return {
					transport: transport(url),
					listen: (endpoints, address) => listens.listen(endpoints, address === undefined ? {} : { address }),
					program: { file, args: [url] },
					between: { url, transport: (through) => transport(through) },
				};
			},
			// The window of a stream, and a message or two.
			{ maxBufferedBytes: 288 * 1024 },
		);
	});
}

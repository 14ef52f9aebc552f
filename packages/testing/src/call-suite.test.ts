import { memoryTransport } from "@allium/core/frames";
import { callSuite } from "./call-suite.ts";

callSuite(
	"memory",
	async () => {
		const transport = memoryTransport();
		return {
			transport,
			listen: (endpoints, address) => transport.listen(endpoints, address === undefined ? {} : { address }),
		};
	},
	{
		// The window of a stream, and a message or two.
		maxBufferedBytes: 288 * 1024,
		skip: {
			cut: "a pipe of memory breaks only when one of its ends closes it",
			process: "memory is of one process",
		},
	},
);

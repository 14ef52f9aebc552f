import { memoryTransport } from "@allium/core";
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
		skip: {
			cut: "a pipe of memory breaks only when one of its ends closes it",
			process: "memory is of one process",
		},
	},
);

import { drained, type Stack } from "../stack.ts";

/** The upper bound of a stream of JSON within one process: a generator, whose messages are written and read. */
const jsonFloor: Stack = {
	name: "F: a generator in one process, each message written and read as JSON",

	async connect() {
		return { count: (upTo) => drained(count(upTo)), async close() {} };
	},
};

async function* count(upTo: number): AsyncGenerator<unknown> {
	for (let n = 0; n < upTo; n++) yield JSON.parse(Buffer.from(JSON.stringify({ n })).toString("latin1"));
}

export default jsonFloor;

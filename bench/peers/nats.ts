import { connect } from "@nats-io/transport-node";
import type { Stack } from "../stack.ts";
import { natsServer, natsUrl, requireNats } from "./nats-server.ts";
import { ConcatInput, concat, SumInput, sum } from "./work.ts";

/** NATS request and reply with JSON. The messages are validated by hand, because there is no framework to do it. */
const nats: Stack = {
	name: "NATS request/reply",

	async serve() {
		await requireNats();
		const connection = await connect({ servers: natsUrl });
		const subject = `bench.${process.pid}`;
		connection.subscribe(`${subject}.sum`, {
			callback: (_, message) => void message.respond(JSON.stringify(sum(SumInput.parse(message.json())))),
		});
		connection.subscribe(`${subject}.concat`, {
			callback: (_, message) =>
				void message.respond(JSON.stringify(concat(ConcatInput.parse(message.json())))),
		});
		await connection.flush();
		return { address: subject, helpers: natsServer(), close: () => connection.close() };
	},

	async connect(subject) {
		const connection = await connect({ servers: natsUrl });
		const request = async (method: string, input: unknown): Promise<never> => {
			const options = { timeout: 10_000 };
			return (
				await connection.request(`${subject}.${method}`, JSON.stringify(input), options)
			).json() as never;
		};
		return {
			sum: (input) => request("sum", input),
			concat: (input) => request("concat", input),
			close: () => connection.close(),
		};
	},
};

export default nats;

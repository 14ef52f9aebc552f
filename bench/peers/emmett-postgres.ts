import { CommandHandler, type Event } from "@event-driven-io/emmett";
import { getPostgreSQLEventStore } from "@event-driven-io/emmett-postgresql";
import { callInLoops, repeat } from "../closed-loop.ts";
import type { OpenParts } from "../events/part.ts";
import { nextData, type Told } from "../events/told.ts";

type ToldEvent = Event<"told", Told>;

const atOnce = 16;
/** How many events the loaded stream has. */
const streamLength = 1_000;
/** How many are appended at once in parts that do not measure it. */
const batch = 500;

const told = (): ToldEvent => ({ type: "told", data: nextData() });
const initialState = (): number => 0;
const evolve = (sum: number, { data: { size } }: ToldEvent): number => sum + size;

/** Emmett with its own pool, which has ten connections. */
const emmett: OpenParts = async ({ url }) => {
	const store = getPostgreSQLEventStore(url);
	await store.schema.migrate();
	for (let done = 0; done < streamLength; done += batch) {
		await store.appendToStream("load-filled", Array.from({ length: batch }, told));
	}
	const append = async (): Promise<unknown> => {
		const event = told();
		return store.appendToStream(`append-${event.data.id}`, [event]);
	};
	const load = async (): Promise<number> => {
		await store.aggregateStream<number, ToldEvent>("load-filled", { initialState, evolve });
		return streamLength;
	};
	const handle = CommandHandler<number, ToldEvent>({ initialState, evolve });
	const command = (): Promise<unknown> => {
		const event = told();
		return handle(store, `counter-${event.data.id}`, () => event);
	};
	return {
		parts: [
			{
				id: "append 16",
				what: "Emmett: append to streams, 16 at once",
				measure: (ms) => callInLoops(append, atOnce, ms),
			},
			{
				id: "load",
				what: `Emmett: aggregate of a stream of ${streamLength} events`,
				measure: (ms) => repeat(load, ms),
			},
			{
				id: "commands",
				what: "Emmett: commands, 16 at once",
				measure: (ms) => callInLoops(command, atOnce, ms),
			},
		],
		close: () => store.close(),
	};
};

export default emmett;

import { CommandHandler, type Event, type EventStore } from "@event-driven-io/emmett";
import { callInLoops, repeat } from "../closed-loop.ts";
import type { Part } from "../events/part.ts";
import { nextData, type Told } from "../events/told.ts";

type ToldEvent = Event<"told", Told>;

/** How many events the loaded stream has. */
const streamLength = 1_000;
/** How many are appended at once in parts that do not measure it. */
const batch = 500;

const told = (): ToldEvent => ({ type: "told", data: nextData() });
const initialState = (): number => 0;
const evolve = (sum: number, { data: { size } }: ToldEvent): number => sum + size;

/** The measurements of Emmett, on any backend. */
export class EmmettParts {
	readonly #store: EventStore;

	constructor(store: EventStore) {
		this.#store = store;
	}

	/** @param isRetried Whether an append that is refused is called once more. */
	append(atOnce: number, { isRetried = false }: { readonly isRetried?: boolean } = {}): Part {
		const append = async (): Promise<void> => {
			const event = told();
			const once = () => this.#store.appendToStream(`append-${event.data.id}`, [event]);
			await (isRetried ? once().catch(once) : once());
		};
		const what = `Emmett: append to streams, ${atOnce} at once`;
		return { id: `append ${atOnce}`, what, measure: (ms) => callInLoops(append, atOnce, ms) };
	}

	async load(): Promise<Part> {
		for (let done = 0; done < streamLength; done += batch) {
			await this.#store.appendToStream("load-filled", Array.from({ length: batch }, told));
		}
		const load = async (): Promise<number> => {
			await this.#store.aggregateStream<number, ToldEvent>("load-filled", { initialState, evolve });
			return streamLength;
		};
		const what = `Emmett: aggregate of a stream of ${streamLength} events`;
		return { id: "load", what, measure: (ms) => repeat(load, ms) };
	}

	commands(atOnce: number): Part {
		const handle = CommandHandler<number, ToldEvent>({ initialState, evolve });
		const command = (): Promise<unknown> => {
			const event = told();
			return handle(this.#store, `counter-${event.data.id}`, () => event);
		};
		const what = `Emmett: commands, ${atOnce} at once`;
		return { id: "commands", what, measure: (ms) => callInLoops(command, atOnce, ms) };
	}
}

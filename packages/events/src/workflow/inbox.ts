import type { AnyEvent } from "@allium/core";
import { readEvent } from "@allium/core/event";
import type { KeptEvent } from "./journal-entry.ts";

/** The events that came for a run, in order. Each is taken by one step at most. */
export class Inbox {
	readonly #types: ReadonlyMap<string, AnyEvent>;
	readonly #events: { readonly event: KeptEvent; readonly data: unknown }[] = [];
	readonly #taken = new Set<string>();

	/** @param types The events that the run can receive, by type. */
	constructor(types: ReadonlyMap<string, AnyEvent>) {
		this.#types = types;
	}

	/** Keeps an event that came. Rejects when the code of today cannot read it. */
	async add(event: KeptEvent): Promise<void> {
		const type = this.#types.get(event.type);
		if (type !== undefined) this.#events.push({ event, data: await dataOf(type, event) });
	}

	/** Whether an event has come. */
	has(id: string): boolean {
		return this.#events.some(({ event }) => event.id === id);
	}

	/** The first event of a type that no step has taken. */
	first(type: AnyEvent | undefined): KeptEvent | undefined {
		return this.#events.find(({ event }) => event.type === type?.type && !this.#taken.has(event.id))?.event;
	}

	/** Gives an event to a step. Returns its data. */
	take(id: string): unknown {
		this.#taken.add(id);
		return structuredClone(this.#events.find(({ event }) => event.id === id)?.data);
	}

	/** Takes it back from a step whose result was not recorded. */
	putBack(id: string): void {
		this.#taken.delete(id);
	}

	/** The events that no step has taken. */
	get left(): readonly KeptEvent[] {
		return this.#events.map(({ event }) => event).filter(({ id }) => !this.#taken.has(id));
	}
}

/** The data of an event that was kept, as the code of today takes them. */
export function dataOf(type: AnyEvent, { id, version, data }: KeptEvent): Promise<unknown> {
	return readEvent(type, { id, version, data: structuredClone(data) });
}

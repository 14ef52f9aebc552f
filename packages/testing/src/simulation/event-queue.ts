import type { SimulatedProcess } from "./simulated-process.ts";

/** Something that will happen. */
export interface SimulatedEvent {
	/** Virtual milliseconds since the simulation began. */
	time: number;
	/** Orders events of the same time: the one that was scheduled first happens first. */
	order: number;
	/** The process that owns the event. The event does not happen if that process is dead by then. */
	readonly process: SimulatedProcess;
	readonly run: () => void;
	canceled: boolean;
}

/** The pending events, soonest first, in a binary heap. */
export class EventQueue {
	readonly #heap: SimulatedEvent[] = [];

	get size(): number {
		return this.#heap.length;
	}

	/** How many events of a process are pending. */
	pendingOf(process: SimulatedProcess): number {
		return this.#heap.filter((event) => event.process === process && !event.canceled).length;
	}

	push(event: SimulatedEvent): void {
		const heap = this.#heap;
		let index = heap.length;
		heap.push(event);
		while (index > 0) {
			const above = (index - 1) >> 1;
			const parent = heap[above];
			if (parent === undefined || !before(event, parent)) break;
			heap[index] = parent;
			index = above;
		}
		heap[index] = event;
	}

	pop(): SimulatedEvent | undefined {
		const heap = this.#heap;
		const first = heap[0];
		const last = heap.pop();
		if (first === undefined || last === undefined || heap.length === 0) return first;
		let index = 0;
		while (true) {
			const left = heap[2 * index + 1];
			const right = heap[2 * index + 2];
			const useRight = left !== undefined && right !== undefined && before(right, left);
			const child = useRight ? right : left;
			if (child === undefined || !before(child, last)) break;
			heap[index] = child;
			index = 2 * index + (useRight ? 2 : 1);
		}
		heap[index] = last;
		return first;
	}
}

function before(one: SimulatedEvent, other: SimulatedEvent): boolean {
	return one.time === other.time ? one.order < other.order : one.time < other.time;
}

import type { Instance } from "@allium/core";
import type { RegistryEvent } from "@allium/core/registry";
import { expect } from "vitest";
import { RunningTime } from "../running-time.ts";
import { eventually } from "../suite/eventually.ts";

/** How soon one handle must see the change of another, in milliseconds of running time. */
export const visibleWithinMs = 250;
/** How long to wait for a condition without such a bound, in milliseconds. */
export const patienceMs = 120_000;

/** Consumes a watch and keeps the events that it reported. */
export class Watcher {
	readonly events: RegistryEvent[] = [];
	/** Resolves when the iteration is over, with the error that ended it, if any. */
	readonly ended: Promise<unknown>;
	/** Whether the iteration is over. */
	isOver = false;
	readonly #patienceMs: number;

	/** @param patience How long `tells` waits, in milliseconds. */
	constructor(source: AsyncIterable<RegistryEvent>, patience: number = patienceMs) {
		this.#patienceMs = patience;
		this.ended = this.#consume(source).then(
			() => undefined,
			(error: unknown) => error ?? new Error("the watch threw undefined"),
		);
		void this.ended.then(() => {
			this.isOver = true;
		});
	}

	async #consume(source: AsyncIterable<RegistryEvent>): Promise<void> {
		for await (const event of source) this.events.push(event);
	}

	/** The instances that are up according to the reported events, sorted. */
	get up(): string[] {
		const up = new Map<string, Instance>();
		for (const event of this.events) {
			if (event.type === "snapshot") up.clear();
			if (event.type === "snapshot") for (const instance of event.instances) up.set(instance.id, instance);
			else if (event.type === "up") up.set(event.instance.id, event.instance);
			else up.delete(event.instance.id);
		}
		return [...up.keys()].sort();
	}

	/** The events as short text: `snapshot a b`, `up a`, `down a`. */
	get told(): string[] {
		return this.events.map((event) => {
			if (event.type !== "snapshot") return `${event.type} ${event.instance.id}`;
			return ["snapshot", ...event.instances.map(({ id }) => id).sort()].join(" ");
		});
	}

	/** The ids of the instances that went down at some time, in order. */
	get gone(): string[] {
		return this.events.flatMap((event) => (event.type === "down" ? [event.instance.id] : []));
	}

	/** Waits for events that must be seen soon after they happened. */
	async tells(told: readonly string[], within: number = visibleWithinMs): Promise<void> {
		using time = new RunningTime();
		await eventually(() => expect(this.told).toEqual(told), { patienceMs: this.#patienceMs, intervalMs: 2 });
		expect(time.milliseconds).toBeLessThanOrEqual(within);
	}
}

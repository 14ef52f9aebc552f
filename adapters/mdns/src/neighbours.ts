import type { Logger } from "@allium/core";
import { type InstanceRecord, Renewals } from "@allium/core/registry";
import type { Announcement } from "./announcement.ts";

/** The most instances that are known at once. */
const mostInstances = 5_000;
/** How much their records may take together, in UTF-16 code units. */
const mostText = 16 * 1024 * 1024;
/** The most names whose records are awaited. */
const mostAsked = 1_000;
/** How many of them one query asks for. The others are asked for with their next heartbeat. */
const mostAtOnce = 50;
/** How long an answer is awaited until a record is asked for again, in milliseconds. */
const answerMs = 500;

/** Is told of changes, and asks the network for records. */
export interface NeighbourListener {
	up(record: InstanceRecord): void;
	down(key: string, released: boolean): void;
	/** The records of these names are needed. */
	ask(names: readonly string[]): void;
}

/**
 * The instances that this process has heard of on its network. Each lasts as long as it was told, by the clock of this
 * process. Their number and size are bounded, because anybody may announce anything.
 */
export class Neighbours {
	readonly #listener: NeighbourListener;
	readonly #logger: Logger;
	readonly #records = new Map<string, InstanceRecord>();
	/** The name under which an instance was announced last. */
	readonly #names = new Map<string, string>();
	/** When the record of a name was asked for, by `performance.now()`. */
	readonly #asked = new Map<string, number>();
	readonly #renewals = new Renewals({ ttlMs: 1, expired: (name) => this.#lose(name, false) });
	#text = 0;
	#hasToldOfBound = false;

	constructor(listener: NeighbourListener, logger: Logger) {
		this.#listener = listener;
		this.#logger = logger;
	}

	/** The records of the instances that are up. */
	records(): InstanceRecord[] {
		return [...this.#names.values()].flatMap((name) => this.#records.get(name) ?? []);
	}

	/** The names of the records that are known. */
	names(): string[] {
		return [...this.#records.keys()];
	}

	/** Whether records that were asked for may still arrive. */
	get isAwaiting(): boolean {
		const now = performance.now();
		return [...this.#asked.values()].some((askedAt) => now - askedAt < answerMs);
	}

	/** Takes the announcements of a packet. */
	hear(announcements: readonly Announcement[]): void {
		// A record that replaces another comes with the goodbye of the other, so new records are taken before goodbyes.
		for (const { name, leftMs, record } of announcements) if (leftMs > 0) this.#keep(name, leftMs, record);
		for (const { name, leftMs } of announcements) if (leftMs === 0) this.#lose(name, true);
		const now = performance.now();
		const unknown = announcements
			.filter(({ name, leftMs }) => leftMs > 0 && !this.#records.has(name) && this.#mayAsk(name, now))
			.map(({ name }) => name)
			.slice(0, mostAtOnce);
		for (const name of unknown) this.#asked.set(name, now);
		if (unknown.length > 0) this.#listener.ask(unknown);
	}

	close(): void {
		this.#renewals.close();
	}

	#keep(name: string, leftMs: number, record: InstanceRecord | undefined): void {
		if (record !== undefined) this.#put(name, record);
		if (this.#records.has(name)) this.#renewals.renewed(name, leftMs);
	}

	#put(name: string, record: InstanceRecord): void {
		this.#asked.delete(name);
		if (!this.#records.has(name)) {
			if (!this.#hasRoomFor(record)) return;
			this.#records.set(name, record);
			this.#text += record.text.length;
		}
		if (this.#names.get(record.key) === name) return;
		this.#names.set(record.key, name);
		this.#listener.up(record);
	}

	#lose(name: string, released: boolean): void {
		this.#renewals.forget(name);
		this.#asked.delete(name);
		const record = this.#records.get(name);
		if (record === undefined) return;
		this.#records.delete(name);
		this.#text -= record.text.length;
		if (this.#names.get(record.key) !== name) return;
		this.#names.delete(record.key);
		this.#listener.down(record.key, released);
	}

	#hasRoomFor({ text }: InstanceRecord): boolean {
		if (this.#records.size < mostInstances && this.#text + text.length <= mostText) return true;
		if (!this.#hasToldOfBound) {
			const message = `more than ${mostInstances} instances, or ${mostText / 1024 / 1024} MiB of them, are announced on this network; the rest is left out`;
			this.#logger.log("warn", message);
		}
		this.#hasToldOfBound = true;
		return false;
	}

	#mayAsk(name: string, now: number): boolean {
		const askedAt = this.#asked.get(name);
		if (askedAt !== undefined) return now - askedAt >= answerMs;
		if (this.#asked.size >= mostAsked) this.#forgetAsked(now);
		return this.#asked.size < mostAsked;
	}

	#forgetAsked(now: number): void {
		for (const [name, askedAt] of this.#asked) if (now - askedAt >= answerMs) this.#asked.delete(name);
	}
}

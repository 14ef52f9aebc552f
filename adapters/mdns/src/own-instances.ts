import type { InstanceRecord } from "@allium/core/registry";
import { after, type Timer } from "@allium/core/transport";
import { type Answer, encodingLength, type Packet } from "dns-packet";
import { announcement, goodbye, heartbeat, nameOf, recordName, serviceType } from "./announcement.ts";

/** How long an answer waits, in milliseconds, so that not all answer at once: RFC 6762, section 6. */
const answerDelay = { leastMs: 20, mostMs: 120 };
/** How much one packet of answers carries, in bytes, so that a network need not cut it. A longer answer has its own. */
const packetBytes = 1_300;

interface OwnInstance {
	readonly record: InstanceRecord;
	/** The name of the record, which is a hash. */
	readonly name: string;
	/** When its lease runs out, by `performance.now()`. */
	endsAt: number;
}

/** How instances are announced. */
export interface OwnInstancesOptions {
	readonly send: (packet: Packet) => Promise<void>;
	/** Waits until this process has heard its own packets. */
	readonly heard: () => Promise<void>;
}

/** The instances that this process announces, and for which it answers. */
export class OwnInstances {
	readonly #options: OwnInstancesOptions;
	readonly #instances = new Map<string, OwnInstance>();
	/** The answers that are due when the delay is over: the name, and whether the whole record was requested. */
	readonly #answers = new Map<string, boolean>();
	#timer: Timer | undefined;

	constructor(options: OwnInstancesOptions) {
		this.#options = options;
	}

	/** Announces a record, until this process knows of it, too. Another record of the same instance goes with it. */
	async announce(record: InstanceRecord, ttlMs: number): Promise<void> {
		const name = nameOf(record);
		const before = this.#instances.get(record.key);
		this.#instances.set(record.key, { record, name, endsAt: performance.now() + ttlMs });
		const gone = before !== undefined && before.name !== name ? goodbye(before.name) : [];
		await this.#respond([...announcement(record, ttlMs), ...gone]);
		await this.#options.heard();
	}

	/** Renews a record that was announced. False where its lease has run out, so that it is to be announced again. */
	async renew({ key, text }: InstanceRecord, ttlMs: number): Promise<boolean> {
		const own = this.#instances.get(key);
		const now = performance.now();
		if (own === undefined || own.record.text !== text || own.endsAt <= now) return false;
		own.endsAt = now + ttlMs;
		await this.#respond(heartbeat(own.name, ttlMs));
		return true;
	}

	/** Tells that an instance leaves. */
	async release(key: string): Promise<void> {
		const own = this.#instances.get(key);
		this.#instances.delete(key);
		if (own === undefined) return;
		await this.#respond(goodbye(own.name));
		await this.#options.heard();
	}

	/** Answers a query after a while, unless it knows the answers: RFC 6762, section 7.1. */
	hear({ questions = [], answers = [] }: Packet): void {
		const asked = new Set(questions.map(({ name }) => name));
		const known = new Set(answers.flatMap((answer) => (answer.type === "PTR" ? [answer.data] : [])));
		for (const { record, name } of this.#instances.values()) {
			const isWhole = asked.has(recordName(name)) || asked.has(name);
			if (!isWhole && (!asked.has(serviceType) || known.has(name))) continue;
			this.#answers.set(record.key, isWhole || this.#answers.get(record.key) === true);
		}
		if (this.#answers.size === 0) return;
		const delayMs = answerDelay.leastMs + Math.random() * (answerDelay.mostMs - answerDelay.leastMs);
		this.#timer ??= after(delayMs, () => void this.#answer());
	}

	close(): void {
		this.#timer?.stop();
		this.#instances.clear();
	}

	async #answer(): Promise<void> {
		this.#timer = undefined;
		const now = performance.now();
		const groups = [...this.#answers].map(([key, isWhole]) => this.#answersOf(key, isWhole, now));
		this.#answers.clear();
		try {
			for (const answers of packed(groups)) await this.#respond(answers);
		} catch {
			// The process that asked will ask again.
		}
	}

	#answersOf(key: string, isWhole: boolean, now: number): Answer[] {
		const own = this.#instances.get(key);
		if (own === undefined || own.endsAt <= now) return [];
		const leftMs = own.endsAt - now;
		return isWhole ? announcement(own.record, leftMs) : heartbeat(own.name, leftMs);
	}

	#respond(answers: Answer[]): Promise<void> {
		// The flag says that the answer is authoritative: RFC 6762, section 18.4.
		return this.#options.send({ type: "response", flags: 1 << 10, answers });
	}
}

/** Puts groups of answers into as few packets as carry them. A group stays whole. */
function packed(groups: readonly Answer[][]): Answer[][] {
	const packets: Answer[][] = [];
	let bytes = 0;
	for (const group of groups) {
		if (group.length === 0) continue;
		const size = encodingLength({ type: "response", answers: group });
		const last = packets.at(-1);
		const isFull = last === undefined || bytes + size > packetBytes;
		if (isFull) packets.push([...group]);
		else last.push(...group);
		bytes = isFull ? size : bytes + size;
	}
	return packets;
}

import { hash } from "node:crypto";
import type { Cursor, Deferred, Delayed, GroupId } from "@allium/core/event";
import { keyPart } from "../registry-keys.ts";

/** The lengths of the slots into which delayed events are sorted, in milliseconds: an hour, a minute and a second. */
export const slotMs = [3_600_000, 60_000, 1_000] as const;

/** A version of the state of a lane: the claim, and how often it had been saved under it. */
export interface SaveMark {
	readonly epoch: number;
	readonly save: number;
}

/** The keys of a namespace, and the keys of its groups below it. No key ends with what another one begins with. */
export class NamespaceKeys {
	readonly #namespace: string;

	constructor(namespace: string) {
		this.#namespace = keyPart(namespace);
	}

	/** A key whose writes give numbers that grow. */
	get count(): string {
		return `${this.#namespace}.count`;
	}

	/** The records of all groups. */
	get groups(): string {
		return `${this.#namespace}.group.*.*`;
	}

	/** The renewals of all members. */
	get members(): string {
		return `${this.#namespace}.member.*`;
	}

	member(id: string): string {
		return `${this.#namespace}.member.${keyPart(id)}`;
	}

	group(id: GroupId): GroupKeys {
		return new GroupKeys(this.#namespace, `${keyPart(id.topic)}.${keyPart(id.group)}`);
	}
}

/** The keys of one group. */
export class GroupKeys {
	readonly #namespace: string;
	readonly #group: string;

	constructor(namespace: string, group: string) {
		this.#namespace = namespace;
		this.#group = group;
	}

	/** The members, and where the lanes begin. */
	get record(): string {
		return `${this.#namespace}.group.${this.#group}`;
	}

	get lanes(): string {
		return `${this.#namespace}.lane.${this.#group}.*`;
	}

	lane(lane: number): string {
		return `${this.#namespace}.lane.${this.#group}.${lane}`;
	}

	/** The deferred events of all lanes. */
	get allDeferred(): string {
		return `${this.#namespace}.deferred.${this.#group}.>`;
	}

	/** The deferred events of a lane, since it was last put at another place. */
	deferredOf(lane: number, generation: number): string {
		return `${this.#deferred(lane, generation)}.>`;
	}

	/** One version of a deferred event. Its id may hold any key of any length, so that its hash stands for it. */
	deferred(lane: number, generation: number, { id }: Deferred, { epoch, save }: SaveMark): string {
		// A lone surrogate has no UTF-8, so that two ids could be taken for one.
		const name = hash("sha256", JSON.stringify(id), "base64url");
		return `${this.#deferred(lane, generation)}.${name}.${epoch}.${save}`;
	}

	/** The delayed events of all lanes. */
	get allDelayed(): string {
		return `${this.#namespace}.delayed.${this.#group}.>`;
	}

	/** All stored versions of the delayed events of a lane, since it was last put at another place. */
	delayedOf(lane: number, generation: number): string {
		return `${this.#delayed(lane, generation)}.>`;
	}

	/** The hours in which delayed events of a lane are due. */
	hoursOf(lane: number, generation: number): string {
		return `${this.#namespace}.hour.${this.#group}.${lane}.${generation}.*`;
	}

	/** An hour, counted from 1970, in which delayed events of a lane are due. */
	hour(lane: number, generation: number, hour: number): string {
		return `${this.#namespace}.hour.${this.#group}.${lane}.${generation}.${hour}`;
	}

	/** The hours of all lanes. */
	get allHours(): string {
		return `${this.#namespace}.hour.${this.#group}.>`;
	}

	/** The delayed events that are due within the slot of a level which begins at a time: an hour, a minute or a second. */
	delayedWithin(lane: number, generation: number, start: number, level: number): string {
		const slot = slotsOf(start).slice(0, level + 1);
		return `${this.#delayed(lane, generation)}.${slot.join(".")}.>`;
	}

	/** One version of a delayed event. */
	delayed(lane: number, generation: number, { cursor, due }: Delayed, { epoch, save }: SaveMark): string {
		return `${this.#delayed(lane, generation)}.${slotsOf(due).join(".")}.${due}.${keyPart(cursor)}.${epoch}.${save}`;
	}

	/** A delayed event whose time is not known. */
	delayedAtAnyTime(lane: number, generation: number, cursor: Cursor): string {
		return `${this.#delayed(lane, generation)}.*.*.*.*.${keyPart(cursor)}.*.*`;
	}

	#deferred(lane: number, generation: number): string {
		return `${this.#namespace}.deferred.${this.#group}.${lane}.${generation}`;
	}

	#delayed(lane: number, generation: number): string {
		return `${this.#namespace}.delayed.${this.#group}.${lane}.${generation}`;
	}
}

/** The hour of a time, counted from 1970. */
export function hourOf(time: number): number {
	return Math.floor(time / slotMs[0]);
}

/** The hour in the key of an hour. */
export function hourOfKey(key: string): number {
	return Number(key.slice(key.lastIndexOf(".") + 1));
}

/** The hour of a time since 1970, the minute of the hour, and the second of the minute. */
function slotsOf(time: number): readonly number[] {
	const [hour, minute, second] = slotMs;
	return [hourOf(time), Math.floor((time % hour) / minute), Math.floor((time % minute) / second)];
}

/** The lane in the key of a deferred event. */
export function laneOfDeferred(key: string): number {
	return Number(key.split(".").at(-5));
}

/** The version in the key of a deferred or a delayed event. */
export function markOf(key: string): SaveMark {
	const parts = key.split(".");
	return { epoch: Number(parts.at(-2)), save: Number(parts.at(-1)) };
}

export function isLater(one: SaveMark, other: SaveMark): boolean {
	return one.epoch === other.epoch ? one.save > other.save : one.epoch > other.epoch;
}

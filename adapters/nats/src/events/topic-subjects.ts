import { type EventRecord, laneOf } from "@allium/core/event";
import { keyPart } from "../registry-keys.ts";

/** The longest part of a name of a stream. The server takes 255 characters for the whole. */
const longestPart = 80;
/**
 * The keys of a lane are spread over so many subjects. Reading the events of one key costs the server a part of the
 * lane, while a subject for each key would cost it memory for each key.
 */
const slots = 64;

/** The place of an event. */
export interface EventPlace {
	readonly lane: number;
	readonly subject: string;
}

/** The names of a topic's streams and subjects on the server. */
export class TopicSubjects {
	readonly stream: string;
	readonly #root: string;

	constructor(bucket: string, namespace: string, topic: string) {
		this.stream = streamsOf(bucket, namespace) + keyPart(topic, longestPart);
		this.#root = `${bucket}-events.${keyPart(namespace)}.${keyPart(topic)}`;
	}

	/** The subjects of all events of a topic that has so many lanes: `<root>.<lanes>.<lane>.<slot>`. */
	all(lanes: number): string {
		return `${this.#root}.${lanes}.*.*`;
	}

	/** The number of lanes, from the subjects of a stream; undefined if they belong to something else. */
	lanesOf(subjects: readonly string[] | undefined): number | undefined {
		const lanes = Number(subjects?.[0]?.slice(this.#root.length + 1).split(".")[0]);
		return Number.isInteger(lanes) && subjects?.[0] === this.all(lanes) ? lanes : undefined;
	}

	of(event: Pick<EventRecord, "id" | "key">, lanes: number): EventPlace {
		// The remainder is the lane, because the number of lanes divides the number of places.
		const place = laneOf(event, lanes * slots);
		const lane = place % lanes;
		return { lane, subject: `${this.#root}.${lanes}.${lane}.${Math.floor(place / lanes)}` };
	}

	/** The subjects of one lane. */
	lane(lane: number, lanes: number): string {
		return `${this.#root}.${lanes}.${lane}.*`;
	}
}

/** The lane of a subject. */
export function laneOfSubject(subject: string): number {
	const end = subject.lastIndexOf(".");
	return Number(subject.slice(subject.lastIndexOf(".", end - 1) + 1, end));
}

/** The prefix of the names of a namespace's streams. */
export function streamsOf(bucket: string, namespace: string): string {
	return `${bucket}+${keyPart(namespace, longestPart)}+`;
}

/** The subject on which the server tells that it has stored a message of a subject. */
export function newsOf(bucket: string, subject: string): string {
	return `${bucket}-news.${subject}`;
}

import type { Placed } from "@allium/core/event";

/** The facts about an event other than its data, for views. They are the same each time that the view is built. */
export interface ViewEvent {
	readonly id: string;
	/** `contract.event`. */
	readonly type: string;
	/** The version in which the data was published. Views get the present one. */
	readonly version: number;
	/** The contract that declares it. */
	readonly topic: string;
	/** The app that published it. */
	readonly source: string;
	/** When it was published. */
	readonly time: Date;
	/** The key that orders it. Undefined for events without order. */
	readonly key: string | undefined;
	readonly correlationId: string;
	readonly causationId: string | undefined;
}

/** The facts about an event in its place. */
export function viewEventOf(topic: string, { event }: Placed): ViewEvent {
	const { id, type, version, source, time, key, correlationId, causationId } = event;
	return { id, type, version, topic, source, time: new Date(time), key, correlationId, causationId };
}

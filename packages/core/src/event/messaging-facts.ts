import type { Attributes } from "@opentelemetry/api";
import type { EventValue } from "../contract/event.ts";
import { isServiceError } from "../errors/service-error.ts";

// Names follow the semantic conventions for messaging, version 1.45 (in development).

/** The operation on events: publishing or handling. */
export type MessagingOperation = "publish" | "process";

/** The attributes that spans and metrics of a topic share. */
export function topicAttributes(topic: string, operation: MessagingOperation): Attributes {
	return {
		"messaging.system": "allium",
		"messaging.operation.name": operation,
		"messaging.operation.type": operation === "publish" ? "send" : "process",
		"messaging.destination.name": topic,
	};
}

/** The attribute of an error: its code. */
export function failureAttributes(error: unknown): Attributes {
	return { "error.type": isServiceError(error) ? error.code : "internal" };
}

/** The events of a publication as a list. */
export function listOf(events: EventValue | readonly EventValue[]): readonly EventValue[] {
	return isList(events) ? events : [events];
}

function isList(events: EventValue | readonly EventValue[]): events is readonly EventValue[] {
	return Array.isArray(events);
}

import { CallScope } from "../context/call-scope.ts";
import { Cause, withCause } from "../context/cause.ts";
import type { Context } from "../context/context.ts";
import { Metadata, noMetadata } from "../context/metadata.ts";
import { ResponseMetadata } from "../context/response.ts";
import { fromBase64 } from "../encoding/base64.ts";
import type { MetadataValue, ReadonlyMetadata } from "../errors/readonly-metadata.ts";
import type { Delivered } from "./broker.ts";
import { type Delivery, deliveryKey } from "./delivery.ts";
import type { EventRecord } from "./event-record.ts";
import type { GroupId } from "./group-state.ts";
import { WatchedEnd } from "./watched-end.ts";

/** The handling of one event: its context, and what ends it. */
export interface Handling {
	readonly ctx: Context;
	readonly cancellation: WatchedEnd;
	readonly scope: CallScope;
}

/**
 * Begins to handle an event: with a deadline, which the caller watches, and with the metadata that its publisher sent on.
 */
export function handlingOf(delivered: Delivered, group: GroupId, timeoutMs: number, lane: Context): Handling {
	const scope = new CallScope();
	const cancellation = new WatchedEnd(lane["~cancellation"], performance.now() + timeoutMs, scope);
	const globals = globalsOf(delivered.event);
	const ctx = lane["~with"]({
		cancellation,
		scope,
		metadata: withTrace(delivered.event, globals),
		outgoing: globals ?? noMetadata,
		response: new ResponseMetadata(),
	});
	const { id, correlationId } = delivered.event;
	const caused = withCause(ctx, new Cause(id, correlationId, group.group));
	return { ctx: caused.withValue(deliveryKey, deliveryOf(delivered, group)), cancellation, scope };
}

function deliveryOf(delivered: Delivered, { topic, group }: GroupId): Delivery {
	const { event, attempt, lane, cursor, epoch, isReplay } = delivered;
	const { id, type, version, source, time, key, correlationId, causationId } = event;
	return {
		id,
		type,
		version,
		topic,
		group,
		source,
		time: new Date(millisecondsOf(time)),
		attempt,
		key,
		lane,
		position: cursor,
		epoch,
		correlationId,
		causationId,
		isReplay,
	};
}

let lastTime = "";
let lastMs = Number.NaN;

/** Events that were published at the same time follow one another: the text is read once. */
function millisecondsOf(time: string): number {
	if (time !== lastTime) {
		lastTime = time;
		lastMs = Date.parse(time);
	}
	return lastMs;
}

function withTrace(
	{ traceparent, tracestate }: EventRecord,
	globals: Metadata | undefined,
): ReadonlyMetadata {
	if (traceparent === undefined && tracestate === undefined) return globals ?? noMetadata;
	const metadata = new Metadata(globals);
	if (traceparent !== undefined) add(metadata, "traceparent", traceparent);
	if (tracestate !== undefined) add(metadata, "tracestate", tracestate);
	return metadata;
}

function globalsOf({ metadata }: EventRecord): Metadata | undefined {
	if (metadata === undefined) return undefined;
	const names = Object.keys(metadata);
	if (names.length === 0) return undefined;
	const globals = new Metadata();
	for (const name of names) {
		const text = metadata[name] ?? "";
		if (!name.endsWith("-bin")) add(globals, name, text);
		else for (const part of text.split(", ")) add(globals, name, fromBase64(part));
	}
	return globals;
}

/** Leaves out what metadata cannot carry: others may have written the event. */
function add(metadata: Metadata, name: string, value: MetadataValue | undefined): void {
	try {
		if (value !== undefined) metadata.append(name, value);
	} catch {
		// No event fails because of its metadata.
	}
}

import { causeOf } from "../context/cause.ts";
import type { Context } from "../context/context.ts";
import type { EventValue } from "../contract/event.ts";
import { toBase64 } from "../encoding/base64.ts";
import { handOn } from "../telemetry/trace-carrier.ts";
import type { EventRecord } from "./event-record.ts";
import { StampedRecord } from "./stamped-record.ts";
import type { ValidEvent } from "./valid-event.ts";

/** The record of an event that is published now. Its stamp is derived from the context. */
export function stamped(
	event: EventValue & { readonly id: string },
	{ data, key }: ValidEvent,
	source: string,
	ctx: Context,
): EventRecord {
	const { of, id, notBefore, stamp } = event;
	const { outgoing } = handOn(ctx);
	const traceparent = outgoing.get("traceparent");
	const tracestate = traceparent === undefined ? undefined : outgoing.get("tracestate");
	const metadata = globalsOf(ctx);
	const cause = causeOf(ctx);
	const { type, version } = of;
	const correlationId = cause?.correlationId ?? id;
	const record = new StampedRecord({ id, type, version, source, time: presentTime(), data, correlationId });
	if (key !== undefined) record.key = key;
	if (notBefore !== undefined) record.notBefore = notBefore;
	if (cause !== undefined) record.causationId = cause.id;
	if (traceparent !== undefined) record.traceparent = traceparent;
	if (tracestate !== undefined) record.tracestate = tracestate;
	if (metadata !== undefined) record.metadata = metadata;
	return stamp === undefined ? record : { ...record, ...stamp };
}

let presentMs = Number.NaN;
let presentText = "";

/** The time in ISO 8601. The events of one millisecond share its text, which takes longer to make than their ids. */
function presentTime(): string {
	const now = Date.now();
	if (now !== presentMs) {
		presentMs = now;
		presentText = new Date(now).toISOString();
	}
	return presentText;
}

/** The metadata `x-global-*` that travels on. Bytes are written in base64, as their names end in `-bin`. */
function globalsOf({ outgoing }: Context): Record<string, string> | undefined {
	let globals: Record<string, string> | undefined;
	for (const [name, value] of outgoing) {
		if (!name.startsWith("x-global-")) continue;
		globals ??= {};
		const text = typeof value === "string" ? value : toBase64(value);
		const before = globals[name];
		globals[name] = before === undefined ? text : `${before}, ${text}`;
	}
	return globals;
}

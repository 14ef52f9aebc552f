import type { Context as OtelContext, TextMapGetter, TextMapSetter } from "@opentelemetry/api";
import type { Context } from "../context/context.ts";
import { Metadata } from "../context/metadata.ts";
import type { ReadonlyMetadata } from "../errors/readonly-metadata.ts";
import { registered } from "./open-telemetry.ts";

/**
 * The names of W3C Trace Context and W3C Baggage, in groups. Without the first name of a group the others mean
 * nothing.
 */
const carried = [["traceparent", "tracestate"], ["baggage"]] as const;

/** A context whose calls continue the trace that arrived, also in processes that take no part in it. */
export function handOn(ctx: Context): Context {
	const { metadata, outgoing } = ctx;
	let sent: Metadata | undefined;
	for (const names of carried) {
		const [first] = names;
		if (metadata.get(first) === undefined || outgoing.has(first)) continue;
		sent ??= new Metadata(outgoing);
		for (const name of names) copy(name, metadata, sent);
	}
	return sent === undefined ? ctx : ctx["~with"]({ outgoing: sent });
}

function copy(name: string, from: ReadonlyMetadata, to: Metadata): void {
	for (const value of from.getAll(name)) trySet(() => to.append(name, value));
}

/** Reads the trace context and baggage that arrived, with the SDK's propagator. */
export function extract(base: OtelContext, metadata: ReadonlyMetadata): OtelContext {
	const propagator = metadata.size === 0 ? undefined : registered().propagation;
	return propagator?.extract(base, metadata, getter) ?? base;
}

/** A context whose next call sends trace context and baggage, in place of what it would have sent otherwise. */
export function inject(telemetry: OtelContext, ctx: Context): Context {
	const propagator = registered().propagation;
	if (propagator === undefined) return ctx;
	const fields = propagator.fields();
	const sent = ctx.outgoing["~select"]((name) => !fields.includes(name));
	propagator.inject(telemetry, sent, setter);
	return ctx["~with"]({ outgoing: sent });
}

const getter: TextMapGetter<ReadonlyMetadata> = {
	keys: (metadata) => Array.from(metadata, ([name]) => name),
	get(metadata, name) {
		const values = metadata.getAll(name.toLowerCase()).filter((value) => typeof value === "string");
		return values.length > 1 ? values : values[0];
	},
};

const setter: TextMapSetter<Metadata> = {
	set: (metadata, name, value) => trySet(() => metadata.set(name.toLowerCase(), value)),
};

/** Leaves out what metadata has no room for: no call fails because of its trace. */
function trySet(set: () => void): void {
	try {
		set();
	} catch {
		// It is too large, or metadata cannot carry it.
	}
}

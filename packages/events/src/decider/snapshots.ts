import type { Context, Logger } from "@allium/core";
import { type EventStore, loggerOf, stableJson } from "@allium/core/store";
import { SparingLog, whileLasts } from "@allium/core/transport";
import type { AnyDecider } from "./decider.ts";

/** How long the saving of a snapshot may take, for which nobody waits, in milliseconds. */
const saveTimeoutMs = 10_000;

/** A state, and the version of the stream that it is the state of. */
export interface Folded {
	readonly state: unknown;
	readonly version: number;
}

const logs = new WeakMap<Logger, SparingLog>();

/** The newest state that is kept of a stream; undefined where none can be used. It never fails: it is a cache. */
export async function keptState(
	store: EventStore,
	decider: AnyDecider,
	stream: string,
	ctx: Context,
): Promise<Folded | undefined> {
	if (decider.snapshotEvery === undefined) return undefined;
	try {
		const kept = await store.snapshot(stream, readerOf(decider), ctx);
		return kept === undefined ? undefined : { state: JSON.parse(kept.text), version: kept.version };
	} catch (error) {
		if (ctx.error !== undefined) throw ctx.error;
		logOf(store).warn("a snapshot cannot be read, and is left aside: the state is folded from all events", {
			stream,
			error,
		});
		return undefined;
	}
}

/** Keeps the state of a stream when enough events came since the last time. Nobody waits for it. */
export function keepState(
	store: EventStore,
	decider: AnyDecider,
	stream: string,
	before: number,
	{ state, version }: Folded,
	ctx: Context,
): void {
	const { snapshotEvery } = decider;
	if (snapshotEvery === undefined) return;
	if (Math.floor(before / snapshotEvery) === Math.floor(version / snapshotEvery)) return;
	const bounded = ctx.withoutCancel().withTimeout(saveTimeoutMs);
	const saved = Promise.try(() =>
		store.saveSnapshot({ stream, reader: readerOf(decider), version, text: textOf(decider, state) }, bounded),
	);
	whileLasts(saved, bounded).catch((error: unknown) => {
		logOf(store).warn("a snapshot could not be saved", { stream, error });
	});
}

/** The reader of a decider's snapshots: its name and version. */
export function readerOf({ name, version }: AnyDecider): string {
	return `${name}@${version}`;
}

function textOf({ name }: AnyDecider, state: unknown): string {
	const text = stableJson(state);
	if (text !== undefined) return text;
	throw new TypeError(
		`the state of the decider ${name} is no plain JSON: what has dates or maps cannot have snapshots`,
	);
}

function logOf(store: EventStore): SparingLog {
	const logger = loggerOf(store);
	const log = logs.get(logger) ?? new SparingLog(logger);
	logs.set(logger, log);
	return log;
}

import type { Context, ServiceError } from "@allium/core";
import { unavailable } from "@allium/core/adapter";
import type { EventRecord, Receipt } from "@allium/core/event";
import {
	type Append,
	type Appended,
	checkAppends,
	type Outcome,
	outcomeKnown,
	type PlannedAppend,
	planAppends,
} from "@allium/core/store";
import { Backoff, sleep } from "@allium/core/transport";
import type { FactRow } from "./append-facts.ts";
import { StoredFacts } from "./append-facts.ts";
import { sortedText } from "./stored-text.ts";
import { type AppendRows, type AppendState, type PartRows, streamEventRow } from "./stream-rows.ts";
import type { TopicRow } from "./topic-row.ts";

/** The pauses before an append is tried again whose stream another transaction holds, in milliseconds. */
const busyBounds = { firstMs: 2, longestMs: 100, jitter: 0.5 };
/** How long an append waits for a transaction that holds its stream, in milliseconds. */
const mostBusyMs = 15_000;

/** Writes appends: by a group commit, or in a transaction. */
export interface AppendWriter {
	readonly maxEventBytes: number;
	/** The topics of these names. Their events stay from now on. */
	topics(names: ReadonlySet<string>, ctx: Context): Promise<ReadonlyMap<string, TopicRow>>;
	write(append: AppendRows, ctx: Context): Promise<AppendState>;
	/** The facts that decide whether an append is possible. */
	facts(
		parts: readonly Append[],
		topics: ReadonlyMap<string, TopicRow>,
		outcome: Outcome | undefined,
		ctx: Context,
	): Promise<readonly FactRow[]>;
}

/** Appends as `EventStore.append` does. */
export async function appendParts(
	writer: AppendWriter,
	parts: readonly Append[],
	outcome: Outcome | undefined,
	ctx: Context,
): Promise<readonly Appended[]> {
	const { topics, rows } = await prepared(writer, parts, outcome, ctx);
	const backoff = new Backoff(busyBounds);
	const began = performance.now();
	// Nearly always nothing stands in the way, so that it is looked for only once it does.
	let planned: readonly PlannedAppend[] = parts.map((part) => ({ part, before: 0, there: undefined }));
	for (;;) {
		const missing = planned.flatMap(({ part, there }) => {
			const own = there === undefined ? rows.get(part.stream) : undefined;
			return own === undefined ? [] : [own];
		});
		const state: AppendState =
			missing.length === 0 && outcome === undefined
				? []
				: await writer.write({ parts: missing, outcome }, ctx);
		if (typeof state === "object") return answers(planned, rows, state);
		if (state === "busy") {
			if (performance.now() - began > mostBusyMs) throw held(missing);
			await sleep(backoff.next(), ctx);
			continue;
		}
		const facts = new StoredFacts(await writer.facts(parts, topics, outcome, ctx), topics);
		if (outcome !== undefined && facts.hasOutcome) throw outcomeKnown(outcome.id);
		planned = planAppends(parts, facts);
	}
}

/** @throws ServiceError as `EventStore.append` rejects for what no store takes; that an outcome is known comes first. */
async function prepared(
	writer: AppendWriter,
	parts: readonly Append[],
	outcome: Outcome | undefined,
	ctx: Context,
): Promise<{ readonly topics: ReadonlyMap<string, TopicRow>; readonly rows: ReadonlyMap<string, PartRows> }> {
	try {
		checkAppends(parts);
		const topics = await writer.topics(new Set(parts.map(({ topic }) => topic)), ctx);
		const rows = parts.map((part) => [part.stream, partRows(part, topics, writer.maxEventBytes)] as const);
		return { topics, rows: new Map(rows) };
	} catch (error) {
		if (outcome === undefined) throw error;
		const none: ReadonlyMap<string, TopicRow> = new Map();
		const facts = new StoredFacts(await writer.facts([], none, outcome, ctx), none);
		throw facts.hasOutcome ? outcomeKnown(outcome.id) : error;
	}
}

function partRows(
	{ stream, topic, expected, events }: Append,
	topics: ReadonlyMap<string, TopicRow>,
	maxBytes: number,
): PartRows {
	const row = topics.get(topic);
	if (row === undefined) throw new Error(`the topic ${topic} was not opened`);
	const rows = events.map((event) => streamEventRow(event, row, maxBytes));
	return { stream: sortedText(stream), topic: row.id, expected, rows };
}

/** @param before the versions of the parts that were added. */
function answers(
	planned: readonly PlannedAppend[],
	rows: ReadonlyMap<string, PartRows>,
	before: readonly number[],
): Appended[] {
	let added = 0;
	return planned.map(({ part, there }) => {
		if (there !== undefined) return there;
		const { stream, events } = part;
		const version = (before[added++] ?? 0) + events.length;
		const own = rows.get(stream)?.rows ?? [];
		const receipts = events.map(({ id }, index) => receipt(id, own[index]?.lane ?? 0));
		return { stream, version, receipts, duplicate: false };
	});
}

function receipt(id: EventRecord["id"], lane: number): Receipt {
	return { id, lane, cursor: undefined, duplicate: false };
}

function held(parts: readonly PartRows[]): ServiceError {
	const names = parts.map(({ stream }) => stream).join(", ");
	return unavailable(
		`another transaction holds one of the streams ${names} for more than ${mostBusyMs / 1000} seconds; keep transactions short`,
	);
}

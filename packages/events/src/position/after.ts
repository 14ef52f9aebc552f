import {
	type Context,
	type ContextKey,
	contextKey,
	type ReadonlyMetadata,
	type ResponseMetadata,
} from "@allium/core";
import { positionName } from "@allium/core/transport";
import { type Position, parsePosition, positionText } from "./position.ts";

const awaited: ContextKey<readonly Position[]> = contextKey("positions");

/** Tells the caller of the call that is being handled where its events lie. */
export function tellPosition(ctx: Context, position: Position): void {
	ctx.response.headers.append(positionName, positionText(position));
}

/**
 * A context whose reads of views wait until the views have the events that earlier calls wrote: in this process, and in
 * the service that the next call with this context reaches.
 *
 * A read waits as long as its deadline. It fails at once, with `failed_precondition` and the reason `other_log`, when
 * its view reads the log of another store. Metadata without a position changes nothing.
 *
 * @param received the metadata that came with the reply of a command. A service that passes a read on gives the
 * metadata that arrived: `after(ctx, ctx.metadata)`.
 * @throws ServiceError `invalid_argument`, reason `invalid_position`, for a position that cannot be read.
 * @example
 * const received = new ResponseMetadata();
 * await accounts.deposit({ account, amount }, ctx.withResponse(received));
 * const { balance } = await balances.of({ account }, after(ctx, received));
 */
export function after(ctx: Context, received: ResponseMetadata | ReadonlyMetadata): Context {
	const found =
		"headers" in received
			? [...readFrom(received.headers), ...readFrom(received.trailers)]
			: readFrom(received);
	if (found.length === 0) return ctx;
	const positions = latest([...(ctx.get(awaited) ?? []), ...found]);
	return ctx.withMetadata({ [positionName]: positions.map(positionText) }).withValue(awaited, positions);
}

/**
 * The positions for which a read with this context has to wait: those that {@link after} was given here, and those that
 * the caller asked for.
 *
 * @throws ServiceError `invalid_argument`, reason `invalid_position`, when the metadata that arrived holds no valid
 * position.
 */
export function positionsOf(ctx: Context): readonly Position[] {
	const arrived = ctx.metadata.has(positionName) ? readFrom(ctx.metadata) : [];
	return latest([...(ctx.get(awaited) ?? []), ...arrived]);
}

/** HTTP may join the values of several headers of one name by commas, which no position has. */
function readFrom(metadata: ReadonlyMetadata): readonly Position[] {
	const texts = metadata.getAll(positionName).flatMap((text) => String(text).split(","));
	return texts.map((text) => parsePosition(text.trim()));
}

/** The latest position of each key, as far as cursors tell. */
function latest(positions: readonly Position[]): readonly Position[] {
	const kept = new Map<string, Position>();
	for (const position of positions) {
		const { log, topic, lane, key, id, cursor } = position;
		const place = JSON.stringify([log, topic, lane, key, cursor === undefined && id]);
		const before = kept.get(place)?.cursor;
		if (cursor === undefined || before === undefined || cursor > before) kept.set(place, position);
	}
	return [...kept.values()];
}

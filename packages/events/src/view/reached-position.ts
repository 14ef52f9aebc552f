import type { Position } from "../position/position.ts";

/** The place of an event: a position, or `{ topic: "matches", ...receipt }` with a receipt of `publish`. */
export type ReachedPosition = Pick<Position, "topic" | "lane" | "id"> & {
	readonly log?: string | undefined;
	readonly key?: string | undefined;
	readonly cursor?: string | undefined;
};

import { Context, contract, event, method } from "@allium/core";
import type { Slice } from "@allium/core/event";
import { expectTypeOf } from "vitest";
import * as z from "zod";
import { type DocumentsReader, documents, fold, type KeyedDocument } from "./documents.ts";
import { on, type ProjectionReader, projection } from "./projection.ts";
import type { ProjectionTransaction } from "./projection-transaction.ts";
import type { View } from "./view.ts";
import type { ViewEvent } from "./view-event.ts";

const ctx = Context.background();
const Matches = contract("matches", {
	end: method({ input: z.object({ id: z.string() }) }),
	started: event({ key: "id", data: z.object({ id: z.string(), size: z.int().default(19) }) }),
	ended: event({ key: "id", data: z.object({ id: z.string(), winner: z.string() }) }),
});

interface Match {
	readonly size: number;
	readonly winner: string | null;
	readonly moves: readonly string[];
}
const initial: Match = { size: 0, winner: null, moves: [] };

// Handlers get the data of their event as it is read: with its defaults.
const standings = projection(
	"standings",
	{ version: 1, tables: "CREATE TABLE standings (player TEXT)" },
	on(Matches, {
		started: ({ id, size }, tx, about) => {
			expectTypeOf(id).toEqualTypeOf<string>();
			expectTypeOf(size).toEqualTypeOf<number>();
			expectTypeOf(tx).toEqualTypeOf<ProjectionTransaction>();
			expectTypeOf(about).toEqualTypeOf<ViewEvent>();
		},
		ended: ({ winner }, tx) => tx.sql`INSERT INTO standings VALUES (${winner})`,
	}),
);
expectTypeOf(standings).toEqualTypeOf<View<ProjectionReader>>();

const board = documents(
	"board",
	{ version: 1, initial, index: ["winner"] },
	fold(Matches, {
		started: (match, { size }) => ({ ...match, size }),
		ended: (match, { winner }) => (winner === "" ? null : { ...match, winner }),
	}),
);
expectTypeOf(board).toEqualTypeOf<View<DocumentsReader<Match, "winner">>>();

// A document comes as it was folded, and only indexed fields can be searched.
declare const reader: DocumentsReader<Match, "winner">;
expectTypeOf(reader.get("m1", ctx)).resolves.toEqualTypeOf<Match | undefined>();
expectTypeOf(reader.find({ where: { winner: "ann" } }, ctx)).resolves.toEqualTypeOf<
	Slice<KeyedDocument<Match>>
>();
// @ts-expect-error Object literal may only specify known properties, and 'size' does not exist
reader.find({ where: { size: 19 } }, ctx);
// @ts-expect-error Type 'number' is not assignable to type 'string'
reader.find({ where: { winner: 19 } }, ctx);

documents(
	"board",
	// @ts-expect-error Type '"player"' is not assignable to type '"moves" | "size" | "winner"'
	{ version: 1, initial, index: ["player"] },
	fold(Matches, { ended: (match: Match) => match }),
);

// @ts-expect-error Object literal may only specify known properties, and 'paused' does not exist
on(Matches, { paused: () => {} });
// @ts-expect-error a method is no event
on(Matches, { end: () => {} });
// @ts-expect-error Object literal may only specify known properties, and 'paused' does not exist
fold(Matches, { paused: (match: Match) => match });
// @ts-expect-error Property 'loser' does not exist
on(Matches, { ended: ({ loser }) => loser });

import { fnv1a } from "@allium/core/event";
import {
	type DocumentsReader,
	documents,
	fold,
	on,
	type ProjectionReader,
	projection,
	type View,
} from "@allium/events";
import type { EventStoreModule } from "../store/account-event.ts";
import type { ViewStoreModule } from "../view/view-lab.ts";
import { happenedContract } from "./happened.ts";

/** The exports of an adapter's module that crash tests of views use: the views, and the log that they are made from. */
export interface ViewCrashModule extends EventStoreModule, ViewStoreModule {}

/** A digest of the events of a key. An event that is left out, taken twice, or taken in another order changes it. */
export interface Chain {
	readonly length: number;
	/** A hash of the ids of the events, in their order. */
	readonly hash: string;
}

export const emptyChain: Chain = { length: 0, hash: "" };

export function longer({ length, hash }: Chain, id: string): Chain {
	return { length: length + 1, hash: fnv1a(`${hash} ${id}`).toString(36) };
}

/** The views of a run: the same chains as rows of SQL and as documents. */
export interface CrashViews {
	readonly rows: View<ProjectionReader>;
	readonly documents: View<DocumentsReader<Chain, never>>;
}

/** @param topic the name of the contract of the events. The names of the views contain it, too. */
export function crashViews(topic: string): CrashViews {
	const Crash = happenedContract(topic);
	return {
		rows: projection(
			`${topic}-rows`,
			{
				version: 1,
				tables: "CREATE TABLE chains (name TEXT PRIMARY KEY, length INTEGER NOT NULL, hash TEXT NOT NULL)",
			},
			on(Crash, {
				async happened({ key }, { sql }, { id }) {
					const [row] = await sql<{ length: number; hash: string }>`
						SELECT length, hash FROM chains WHERE name = ${key}`;
					const { length, hash } = longer(row ?? emptyChain, id);
					await sql`INSERT INTO chains VALUES (${key}, ${length}, ${hash})
						ON CONFLICT (name) DO UPDATE SET length = excluded.length, hash = excluded.hash`;
				},
			}),
		),
		documents: documents(
			`${topic}-documents`,
			{ version: 1, initial: emptyChain },
			fold(Crash, { happened: (chain, _, { id }) => longer(chain, id) }),
		),
	};
}

/** The lanes of the topic. */
export const crashLanes = 4;

import { contract, event, silentLogger } from "@allium/core";
import type { TopicLog } from "@allium/core/event";
import { memoryLog } from "@allium/core/log-broker";
import type { ViewStore } from "@allium/core/store";
import {
	type DocumentsReader,
	documents,
	fold,
	on,
	type ProjectionReader,
	projection,
	type ReachedPosition,
	type RunningView,
	type View,
	type ViewHost,
} from "@allium/events";
import { expect } from "vitest";
import { given } from "../suite/given.ts";
import { background, type ViewLab } from "./view-lab.ts";

/** The data of an event: somebody scored in a game, or lost points there. */
interface Scored {
	readonly game: string;
	readonly points: number;
}

const Games = contract("games", { scored: event({ key: "game", data: given<Scored>() }) });

/** A document of a game. */
export interface Score {
	readonly points: number;
}

/** How a view counts points. */
interface Counting {
	/** Whether it takes events with which points are lost, too. Default: its function refuses them. */
	readonly takesLosses?: boolean;
	/** What a point counts. Default: 1. */
	readonly factor?: number;
}

/** The scores as documents. The function of a version may change. */
export function scoreDocuments({
	takesLosses = false,
	factor = 1,
}: Counting = {}): View<DocumentsReader<Score, never>> {
	return documents(
		"scores",
		{ version: 1, initial: { points: 0 } },
		fold(Games, {
			scored({ points: before }, { points }) {
				if (points < 0 && !takesLosses) throw new RangeError("points are never lost");
				return { points: before + factor * points };
			},
		}),
	);
}

/** The scores as rows. Unless it is corrected, its SQL refuses events with which points are lost. */
export function scoreRows(version: number, isCorrected = false): View<ProjectionReader> {
	const check = isCorrected ? "" : "CHECK (points >= 0)";
	return projection(
		"score_rows",
		{
			version,
			tables: `CREATE TABLE seen (id TEXT PRIMARY KEY); CREATE TABLE scored (game TEXT, points INTEGER ${check})`,
		},
		on(Games, {
			async scored({ game, points }, { sql }, { id }) {
				await sql`INSERT INTO seen VALUES (${id})`;
				await sql`INSERT INTO scored VALUES (${game}, ${points})`;
			},
		}),
	);
}

/** A log of scores, and processes that build views from it, each on its own handle of the store. */
export class Scores {
	readonly #lab: ViewLab;
	readonly #log = memoryLog();
	#count = 0;

	constructor(lab: ViewLab) {
		this.#lab = lab;
	}

	/** Publishes an event. Returns its position. */
	async score(game: string, points: number): Promise<ReachedPosition> {
		const id = `scored-${++this.#count}`;
		const facts = { version: 1, source: "suite", time: new Date().toISOString(), correlationId: id };
		const record = { id, type: "games.scored", key: game, data: { game, points }, ...facts };
		const [receipt] = await (await this.#topic()).append([record], background);
		return { topic: "games", key: game, ...(receipt ?? expect.unreachable()) };
	}

	/** A process that builds a view. */
	async build(view: View<unknown>): Promise<RunningView> {
		const running = view["~allium"].run(this.#host(await this.#lab.open()));
		this.#lab.closing({ close: () => running.stop() });
		await running.start(background.withTimeout(30_000));
		return running;
	}

	/** A reader in another process. */
	async read<Reader>(view: View<Reader>): Promise<Reader> {
		return view["~allium"].read(this.#host(await this.#lab.open()));
	}

	#topic(): Promise<TopicLog> {
		return this.#log.open("games", { lanes: 4 }, background);
	}

	#host(store: ViewStore): ViewHost {
		const open = async (): Promise<{ readonly topic: TopicLog }> => ({ topic: await this.#topic() });
		return { store, logger: silentLogger, ttlMs: 500, open };
	}
}

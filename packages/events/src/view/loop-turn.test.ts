import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { viewStore } from "@allium/sqlite";
import { describe, expect, test } from "vitest";
import { documents, fold } from "./documents.ts";
import { background, Matches, ViewLab } from "./fixtures/matches.ts";
import { on, projection } from "./projection.ts";
import type { View } from "./view.ts";

/** Occupies the process for a millisecond, as the handler of an event may. */
function work(): void {
	const began = performance.now();
	while (performance.now() - began < 1);
}

const count = 200;

/** The number of times that the rest of the process had its turn, as each event sees it. */
class Turns {
	readonly seen: number[] = [];
	#now = 0;
	#isOver = false;

	constructor() {
		const next = (): void => {
			this.#now++;
			if (!this.#isOver) setImmediate(next);
		};
		next();
	}

	see(): void {
		this.seen.push(this.#now);
		if (this.seen.length === count) this.#isOver = true;
	}
}

const views: Record<string, (turns: Turns) => View<unknown>> = {
	documents: (turns) =>
		documents(
			"sizes",
			{ version: 1, initial: {} },
			fold(Matches, {
				started(_, { size }) {
					work();
					turns.see();
					return { size };
				},
			}),
		),
	tables: (turns) =>
		projection(
			"sizes",
			{ version: 1, tables: "CREATE TABLE sizes (size INT)" },
			on(Matches, {
				async started({ size }, tx) {
					work();
					await tx.sql`INSERT INTO sizes VALUES (${size})`;
					turns.see();
				},
			}),
		),
};

describe.each(Object.entries(views))("a page of events for %s in SQLite", (_, viewOf) => {
	test("lets the rest of the process go on between its events", async () => {
		const folder = mkdtempSync(join(tmpdir(), "allium-views-"));
		const store = viewStore(`sqlite:${folder}`);
		const lab = new ViewLab(store);
		await lab.publish(
			...Array.from({ length: count }, (_, index) => Matches.started({ id: `m${index}`, size: index })),
		);
		const turns = new Turns();
		const running = viewOf(turns)["~allium"].run(lab.host());
		await running.start(background);
		await expect.poll(() => turns.seen.length).toBe(count);
		await running.stop();
		await store.close();
		rmSync(folder, { recursive: true });
		// Events that need 200 ms take 20 turns of 10 ms; the first may have begun before.
		expect(new Set(turns.seen).size).toBeGreaterThanOrEqual(10);
	});
});

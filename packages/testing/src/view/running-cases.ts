import { expect } from "vitest";
import { Scores, scoreDocuments, scoreRows } from "./scores.ts";
import { background, type ViewStoreCase } from "./view-lab.ts";

/** How many events there are before a view is built again. */
const before = 50;
/** What a point counts in the new build. */
const factor = 10;

/** Views that are built from a log, and read by other processes. */
export const runningCases: readonly ViewStoreCase[] = [
	{
		title: "a reader waits until the view has an event, and is told of a key that is parked",
		async run(lab) {
			const scores = new Scores(lab);
			await scores.build(scoreDocuments());
			const reader = await scores.read(scoreDocuments());
			await reader.reached(await scores.score("a", 3), background);
			expect(await reader.get("a", background)).toEqual({ points: 3 });
			const refused = await scores.score("a", -1);
			await expect(reader.reached(refused, background)).rejects.toMatchObject({ reason: "parked" });
			const never = { ...refused, log: "elsewhere" };
			await expect(reader.reached(never, background)).rejects.toMatchObject({ code: "failed_precondition" });
		},
	},
	{
		title: "a wait for an event ends with its time, where nobody builds the view any more",
		async run(lab) {
			const scores = new Scores(lab);
			const running = await scores.build(scoreDocuments());
			const reader = await scores.read(scoreDocuments());
			await reader.reached(await scores.score("a", 3), background);
			await running.stop();
			const waiting = reader.reached(await scores.score("a", 4), background.withTimeout(200));
			await expect(waiting).rejects.toMatchObject({ code: "deadline_exceeded" });
		},
	},
	{
		title:
			"a document that does not take an event parks its key alone, and a corrected function takes it up again",
		async run(lab) {
			const scores = new Scores(lab);
			const running = await scores.build(scoreDocuments());
			const reader = await scores.read(scoreDocuments());
			for (const [game, points] of [
				["bad", 5],
				["bad", -2],
				["bad", 1],
			] as const)
				await scores.score(game, points);
			await reader.reached(await scores.score("good", 7), background);
			await lab.eventually(async () =>
				expect(await running.status(background)).toMatchObject({ parked: 1, lag: 0 }),
			);
			expect(await reader.get("bad", background)).toEqual({ points: 5 });
			expect(await reader.get("good", background)).toEqual({ points: 7 });
			await running.stop();
			await scores.build(scoreDocuments({ takesLosses: true }));
			const store = await lab.open();
			expect(await store.build({ name: "scores", version: 1, build: 1 }).retry("all", background)).toBe(1);
			await lab.eventually(async () => expect(await reader.get("bad", background)).toEqual({ points: 4 }));
		},
	},
	{
		title:
			"SQL that fails in the middle of an event keeps nothing of it and stops there, and the corrected version has all",
		needs: ["sql"],
		async run(lab) {
			const scores = new Scores(lab);
			for (const points of [3, -2, 1]) await scores.score("a", points);
			const running = await scores.build(scoreRows(1));
			await lab.eventually(async () => {
				const { trouble, lag } = await running.status(background);
				expect(trouble).toMatch(/games\.scored with the id scored-2 fails: .*another version$/);
				expect(lag).toBe(2);
			});
			const seen = await (await lab.open())
				.build({ name: "score_rows", version: 1, build: 1 })
				.query(background)<{ id: string }>`SELECT id FROM seen`;
			expect(seen.map(({ id }) => id)).toEqual(["scored-1"]);
			await scores.build(scoreRows(2, true));
			const reader = await scores.read(scoreRows(2, true));
			await lab.eventually(async () => {
				const rows = await reader.query(background)<{
					points: number;
				}>`SELECT points FROM scored ORDER BY points`;
				expect(rows.map(({ points }) => points)).toEqual([-2, 1, 3]);
			});
		},
	},
	{
		title:
			"no read fails or goes back in time while a view is built again under writes, and all readers go over to the new build",
		timeoutMs: 60_000,
		async run(lab) {
			const scores = new Scores(lab);
			const old = await scores.build(scoreDocuments());
			const readers = [await scores.read(scoreDocuments()), await scores.read(scoreDocuments())];
			const store = await lab.open();
			const id = { name: "scores", version: 1 };
			let written = 0;
			const write = async (): Promise<void> => {
				await scores.score("a", 1);
				written++;
			};
			const seen = readers.map(() => 0);
			const faults: string[] = [];
			const look = async (): Promise<void> => {
				for (const [index, reader] of readers.entries()) {
					const read = await reader.get("a", background).catch((error: unknown) => String(error));
					const points = typeof read === "object" ? read.points : 0;
					if (points < (seen[index] ?? 0)) faults.push(`${seen[index]}, then ${JSON.stringify(read)}`);
					seen[index] = points;
				}
			};
			while (written < before) await write();
			await look();
			// Only the new build counts all events by the new function.
			await old.stop();
			await scores.build(scoreDocuments({ factor }));
			await store.rebuild(id, background);
			await lab.eventually(async () => {
				await write();
				await look();
				expect((await store.report(id, background))?.live).toBe(2);
			});
			await lab.eventually(async () => {
				await write();
				await look();
				const inOld = before + factor * (written - before);
				expect(Math.min(...seen)).toBeGreaterThan(inOld);
			});
			await lab.eventually(async () => {
				await look();
				expect(seen).toEqual(readers.map(() => factor * written));
			});
			expect(faults).toEqual([]);
		},
	},
	{
		title:
			"a new version is built beside the old one, which stays as it is, and goes on where it was after a roll-back",
		needs: ["sql"],
		async run(lab) {
			const scores = new Scores(lab);
			const counted = async (version: number): Promise<number> => {
				const reader = await scores.read(scoreRows(version, true));
				const [row] = await reader.query(background)<{ n: number }>`SELECT count(*) AS n FROM scored`;
				return row?.n ?? 0;
			};
			const old = await scores.build(scoreRows(1, true));
			await scores.score("a", 1);
			await lab.eventually(async () => expect(await counted(1)).toBe(1));
			const young = await scores.build(scoreRows(2, true));
			await lab.eventually(async () => expect(await counted(2)).toBe(1));
			await old.stop();
			await scores.score("a", 2);
			await lab.eventually(async () => expect(await counted(2)).toBe(2));
			expect(await counted(1)).toBe(1);
			await young.stop();
			await scores.build(scoreRows(1, true));
			await lab.eventually(async () => expect(await counted(1)).toBe(2));
		},
	},
];

import { isServiceError, isTrouble } from "@allium/core";
import { expect } from "vitest";
import { at, background, counts, reported, save, take, type ViewStoreCase } from "./view-lab.ts";

/** Whether the event is to blame, and not the backend: trouble of the backend would only be waited out. */
function blamesEvent(error: unknown): boolean {
	return isServiceError(error) && !isTrouble(error);
}

/** Views of SQL. */
export const sqlCases: readonly ViewStoreCase[] = [
	{
		title: "rows and places change together, or not at all",
		needs: ["sql"],
		async run(lab) {
			const { store, lease } = await lab.held(counts);
			const build = store.build({ ...counts, build: 1 });
			await save(
				store,
				counts,
				lease,
				{ places: at(1) },
				({ sql }) => sql`INSERT INTO counts VALUES (${"a"}, ${1})`,
			);
			const failing = save(store, counts, lease, { places: at(2) }, async ({ sql }) => {
				await sql`UPDATE counts SET count = ${2}`;
				await sql`INSERT INTO counts VALUES (${"a"}, ${1})`;
			});
			await expect(failing).rejects.toSatisfy(blamesEvent);
			const rows = await build.query(background)<{
				name: string;
				count: number;
			}>`SELECT name, count FROM counts`;
			expect(rows.map((row) => ({ ...row }))).toEqual([{ name: "a", count: 1 }]);
			expect((await reported(store, counts)).places).toEqual(at(1));
			// Once the handler is corrected, it goes on from there.
			await save(store, counts, lease, { places: at(2) }, ({ sql }) => sql`UPDATE counts SET count = ${2}`);
			await take(await lab.open(), counts, "b");
			const late = save(
				store,
				counts,
				lease,
				{ places: at(3) },
				({ sql }) => sql`UPDATE counts SET count = ${3}`,
			);
			await expect(late).rejects.toMatchObject({ reason: "lease_lost" });
			expect(await build.query(background)`SELECT * FROM counts WHERE count = ${2}`).toHaveLength(1);
		},
	},
	{
		title: "counts and sums of whole numbers are numbers, whatever the database",
		needs: ["sql"],
		async run(lab) {
			const { store, lease } = await lab.held(counts);
			await save(store, counts, lease, { places: at(1) }, async ({ sql }) => {
				await sql`INSERT INTO counts VALUES (${"a"}, ${1})`;
				await sql`INSERT INTO counts VALUES (${"b"}, ${2})`;
			});
			const build = store.build({ ...counts, build: 1 });
			const [row] = await build.query(background)`SELECT count(*) AS many, sum(count) AS total FROM counts`;
			expect({ ...row }).toEqual({ many: 2, total: 3 });
		},
	},
	{
		title: "a statement sees those before it, and one that fails is told before the next event",
		needs: ["sql"],
		async run(lab) {
			const { store, lease } = await lab.held(counts);
			const seen: unknown[] = [];
			const failing = save(store, counts, lease, { places: at(1) }, async ({ sql, settled }) => {
				await sql`INSERT INTO counts VALUES (${"a"}, ${1})`;
				await sql`UPDATE counts SET count = ${2}`;
				seen.push(...(await sql`SELECT name, count FROM counts`).map((row) => ({ ...row })));
				await settled();
				await sql`INSERT INTO counts VALUES (${"a"}, ${3})`;
				await settled();
				seen.push("the next event");
			});
			await expect(failing).rejects.toSatisfy(blamesEvent);
			expect(seen).toEqual([{ name: "a", count: 2 }]);
			const trying = save(store, counts, lease, { places: at(1) }, async ({ sql }) => {
				for (let count = 0; count < 3; count++) await sql`INSERT INTO counts VALUES (${"a"}, ${count})`;
			});
			await expect(trying).rejects.toSatisfy(blamesEvent);
			expect(await store.build({ ...counts, build: 1 }).query(background)`SELECT * FROM counts`).toEqual([]);
		},
	},
	{
		title: "values are parameters, and never a part of the text",
		needs: ["sql"],
		async run(lab) {
			const { store, lease } = await lab.held(counts);
			const name = "'); DROP TABLE counts; --";
			await save(
				store,
				counts,
				lease,
				{ places: at(1) },
				({ sql }) => sql`INSERT INTO counts VALUES (${name}, ${1})`,
			);
			const found = await store.build({ ...counts, build: 1 }).query(background)`SELECT name FROM counts`;
			expect(found.map((row) => ({ ...row }))).toEqual([{ name }]);
		},
	},
	{
		title: "a query that would change something is refused, and so is SQL that ends the transaction",
		needs: ["sql"],
		async run(lab) {
			const { store, lease } = await lab.held(counts);
			const query = store.build({ ...counts, build: 1 }).query(background);
			await expect(query`INSERT INTO counts VALUES ('x', 1)`).rejects.toThrow();
			await expect(query`DROP TABLE counts`).rejects.toThrow();
			const ending = save(store, counts, lease, { places: at(1) }, ({ sql }) => sql`COMMIT`);
			await expect(ending).rejects.toThrow();
			expect((await reported(store, counts)).places).toEqual(new Map());
			expect(await query`SELECT * FROM counts`).toEqual([]);
		},
	},
	{
		title: "tables that the database refuses make no version, and the sentence says what is wrong",
		needs: ["sql"],
		async run(lab) {
			const store = await lab.open();
			const wrong = { ...counts, tables: "CREATE TABEL counts (name TEXT)" };
			await expect(store.open(wrong, background)).rejects.toMatchObject({
				code: "invalid_argument",
				message: expect.stringContaining("TABEL"),
			});
			expect(await store.report(counts, background)).toBeUndefined();
			await store.open(counts, background);
		},
	},
	{
		title: "a build beside the live one has tables of its own",
		needs: ["sql"],
		async run(lab) {
			const { store, lease } = await lab.held(counts);
			await save(
				store,
				counts,
				lease,
				{ places: at(1) },
				({ sql }) => sql`INSERT INTO counts VALUES ('a', 1)`,
			);
			await store.build({ ...counts, build: 1 }).finish(lease, background);
			await store.rebuild(counts, background);
			expect(await store.build({ ...counts, build: 2 }).query(background)`SELECT * FROM counts`).toEqual([]);
			expect(await store.build({ ...counts, build: 1 }).query(background)`SELECT * FROM counts`).toHaveLength(
				1,
			);
		},
	},
];

import { byCodePoints } from "@allium/core/store";
import { expect } from "vitest";
import {
	at,
	background,
	board,
	document,
	parkedKey,
	puts,
	reported,
	save,
	type ViewStoreCase,
} from "./view-lab.ts";

const hostile = [
	"__proto__",
	"constructor",
	"a'b\"c",
	"a%_b",
	"line\nbreak",
	"😀",
	"\u{ffff}x",
	"k".repeat(512),
	" ",
];

/** Documents, queries, and parked keys. */
export const documentCases: readonly ViewStoreCase[] = [
	{
		title: "documents come back unchanged under any key, and are gone when they are removed",
		async run(lab) {
			const { store, lease } = await lab.held();
			const build = store.build({ ...board, build: 1 });
			const documents = hostile.map((key) => document(key, { key, half: "\ud800", deep: [[{}]] }));
			await save(store, board, lease, { places: at(1), documents: puts(...documents) });
			expect(await build.get([...hostile, "missing"], background)).toEqual(
				new Map(documents.map(({ key, text }) => [key, text])),
			);
			await save(store, board, lease, {
				places: at(2),
				documents: new Map(hostile.map((key) => [key, null])),
			});
			expect(await build.get(hostile, background)).toEqual(new Map());
		},
	},
	{
		title: "documents are listed in pages by the code points of their keys",
		async run(lab) {
			const { store, lease } = await lab.held();
			await save(store, board, lease, {
				places: at(1),
				documents: puts(...hostile.map((key) => document(key, 1))),
			});
			const seen: string[] = [];
			let after: string | undefined;
			do {
				const page = await store
					.build({ ...board, build: 1 })
					.find({ fields: {}, after, limit: 2 }, background);
				seen.push(...page.items.map(({ key }) => key));
				after = page.next;
			} while (after !== undefined);
			expect(seen).toEqual([...hostile].sort(byCodePoints));
		},
	},
	{
		title: "documents are found by the fields that they have now",
		async run(lab) {
			const { store, lease } = await lab.held();
			const build = store.build({ ...board, build: 1 });
			const find = async (fields: Record<string, string>): Promise<string[]> =>
				(await build.find({ fields, limit: 10 }, background)).items.map(({ key }) => key);
			const documents = [
				document("a", 1, { owner: '"ann"', size: "9" }),
				document("b", 1, { owner: '"ann"', size: "19" }),
				document("c", 1, { owner: '"bob"', __proto__: "1" }),
			];
			await save(store, board, lease, { places: at(1), documents: puts(...documents) });
			expect(await find({ owner: '"ann"' })).toEqual(["a", "b"]);
			expect(await find({ owner: '"ann"', size: "19" })).toEqual(["b"]);
			expect(await find({ owner: "' OR 1=1 --" })).toEqual([]);
			expect(await find({ constructor: "1" })).toEqual([]);
			const changed = puts(document("a", 2, { owner: '"bob"' }));
			await save(store, board, lease, { places: at(2), documents: changed.set("b", null) });
			expect(await find({ owner: '"ann"' })).toEqual([]);
			expect(await find({ owner: '"bob"' })).toEqual(["a", "c"]);
		},
	},
	{
		title: "parked keys are listed in pages, marked to be tried again, and parked no longer",
		async run(lab) {
			const { store, lease } = await lab.held();
			const other = (await lab.open()).build({ ...board, build: 1 });
			const keys = ["a", "b", "c", "😀"];
			await save(store, board, lease, { places: at(3), park: keys.map((key) => parkedKey(key)) });
			expect(await reported(store, board)).toMatchObject({ parked: 4, isDue: false });
			const first = await other.parked({ limit: 3 }, background);
			expect(first.items).toEqual(["a", "b", "c"].map((key) => parkedKey(key)));
			const { next } = first;
			expect(
				await other.parked({ ...(next !== undefined && { after: next }), limit: 3 }, background),
			).toEqual({
				items: [parkedKey("😀")],
			});
			expect(await other.retry(["b", "missing"], background)).toBe(1);
			expect(await other.parkedOf(["b", "missing"], background)).toEqual([parkedKey("b", { due: true })]);
			expect((await reported(store, board)).isDue).toBe(true);
			await save(store, board, lease, { places: new Map(), unpark: ["b"] });
			expect(await reported(store, board)).toMatchObject({ parked: 3, isDue: false });
			expect(await other.retry("all", background)).toBe(3);
		},
	},
];

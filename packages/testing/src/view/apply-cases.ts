import { expect } from "vitest";
import { runProgram } from "../suite/suite-program.ts";
import { timesFrom } from "../times-from.ts";
import {
	at,
	background,
	board,
	document,
	leaseLost,
	parkedKey,
	puts,
	reported,
	save,
	take,
	type ViewStoreCase,
} from "./view-lab.ts";

/** Changes of a build: the member that may make them, and their atomicity. */
export const applyCases: readonly ViewStoreCase[] = [
	{
		title: "of many who claim a build under one epoch, one takes it",
		async run(lab) {
			const { store } = await lab.held();
			const others = await Promise.all(Array.from({ length: 4 }, () => lab.open()));
			const { epoch } = await reported(store, board);
			const claimed = await Promise.all(
				others.map((each, index) => each.build({ ...board, build: 1 }).claim(`m${index}`, epoch, background)),
			);
			const won = claimed.filter((lease) => lease !== undefined);
			expect(won).toHaveLength(1);
			expect(won[0]?.epoch).toBeGreaterThan(epoch);
			expect((await reported(store, board)).holder).toBe(won[0]?.member);
		},
	},
	{
		title: "a change under an old epoch is refused, and changes nothing",
		async run(lab) {
			const { store, lease: old } = await lab.held();
			await save(store, board, old, { places: at(1), documents: puts(document("k", 1)) });
			const other = await lab.open();
			const lease = await take(other, board, "b");
			expect(lease.places).toEqual(at(1));
			const change = { places: at(2), documents: puts(document("k", 2)), park: [parkedKey("p")] };
			await expect(save(store, board, old, change)).rejects.toMatchObject(leaseLost);
			const build = store.build({ ...board, build: 1 });
			await expect(build.renew(old, undefined, background)).rejects.toMatchObject(leaseLost);
			await expect(build.finish(old, background)).rejects.toMatchObject(leaseLost);
			await build.release(old, background);
			const { places, parked, holder, isBuilt } = await reported(store, board);
			expect({ places, parked, holder, isBuilt }).toEqual({
				places: at(1),
				parked: 0,
				holder: "b",
				isBuilt: false,
			});
			expect(await build.get(["k"], background)).toEqual(new Map([["k", "1"]]));
			await save(other, board, lease, change);
		},
	},
	{
		title: "a change that races with a claim is in what the claim finds whole, or refused whole",
		async run(lab) {
			const { store } = await lab.held();
			const other = await lab.open();
			for (let round = 1; round <= 25; round++) {
				const lease = await take(store, board, "a");
				const [saved, claimed] = await Promise.all([
					save(store, board, lease, { places: at(round), documents: puts(document("k", round)) }).then(
						() => true,
						() => false,
					),
					soon(round).then(() => other.build({ ...board, build: 1 }).claim("b", lease.epoch, background)),
				]);
				const found = await other.build({ ...board, build: 1 }).get(["k"], background);
				expect(found.get("k") === String(round)).toBe(saved);
				expect(claimed?.places.get("matches")?.get(0) === at(round).get("matches")?.get(0)).toBe(saved);
			}
		},
	},
	{
		title: "a change whose work fails changes nothing, and the lease goes on",
		async run(lab) {
			const { store, lease } = await lab.held();
			const failing = save(
				store,
				board,
				lease,
				{ places: at(2), documents: puts(document("k", 2)) },
				async () => {
					throw new RangeError("no");
				},
			);
			await expect(failing).rejects.toThrow("no");
			expect((await reported(store, board)).places).toEqual(new Map());
			await save(store, board, lease, { places: at(1) });
			expect((await reported(store, board)).places).toEqual(at(1));
		},
	},
	{
		title: "places of lanes and topics that a change does not name stay as they are",
		async run(lab) {
			const { store, lease } = await lab.held();
			await save(store, board, lease, { places: at(1, 0) });
			await save(store, board, lease, { places: at(2, 1) });
			await save(store, board, lease, { places: at(3, 0, "bets") });
			const { places } = await take(store, board, "b");
			expect(places.get("matches")).toEqual(
				new Map([...(at(1, 0).get("matches") ?? []), ...(at(2, 1).get("matches") ?? [])]),
			);
			expect(places.get("bets")).toEqual(at(3).get("matches"));
		},
	},
	{
		title: "each renewal and each change is seen by others, and so is why it does not go on",
		async run(lab) {
			const { store, lease } = await lab.held();
			const other = await lab.open();
			const seen = new Set([(await reported(other, board)).renewal]);
			await store.build({ ...board, build: 1 }).renew(lease, "the SQL fails", background);
			expect((await reported(other, board)).trouble).toBe("the SQL fails");
			seen.add((await reported(other, board)).renewal);
			await save(store, board, lease, { places: at(1) });
			seen.add((await reported(other, board)).renewal);
			await store.build({ ...board, build: 1 }).release(lease, background);
			expect((await reported(other, board)).holder).toBeUndefined();
			expect(seen.size).toBe(3);
			await expect(save(store, board, lease, { places: at(2) })).rejects.toMatchObject(leaseLost);
		},
	},
	{
		title: "a process that is killed in the middle leaves documents and places that fit each other",
		needs: ["program"],
		timeoutMs: 900_000,
		async run(lab) {
			const program = lab.setup.program ?? expect.unreachable();
			const store = await lab.open();
			for (let round = 0; round < kills(); round++) {
				const said = await killedCounter(program, 20 + Math.floor(Math.random() * 200));
				const { places } = await reported(store, board);
				const [text] = (await store.build({ ...board, build: 1 }).get(["count"], background)).values();
				const count = Number(text ?? 0);
				expect(count).toBeGreaterThanOrEqual(said);
				expect(places.get("matches")?.get(0) ?? "").toBe(at(count).get("matches")?.get(0));
			}
		},
	},
];

/**
 * Starts a process that counts, and kills it once it has reached a number. Resolves to the last number that it
 * reported.
 */
async function killedCounter(
	{ module, url }: { readonly module: string; readonly url: string },
	steps: number,
): Promise<number> {
	await using counter = runProgram(import.meta.url, "./counter", [module, url]);
	await counter.says(new RegExp(`(?:^counted \\d+\\n){${steps}}`, "m"));
	counter.signal("SIGKILL");
	await counter.ended();
	return Number([...counter.output.matchAll(/^counted (\d+)$/gm)].at(-1)?.[1] ?? 0);
}

/** Resolves after the given number of microtasks, so that the parts of a race meet in another order each time. */
async function soon(microtasks: number): Promise<void> {
	for (let count = 0; count < microtasks; count++) await undefined;
}

/** Fifty in CI; `ALLIUM_CRASH_CYCLES` asks for more. */
function kills(): number {
	return timesFrom("ALLIUM_CRASH_CYCLES", 50);
}

import { expect } from "vitest";
import {
	at,
	background,
	board,
	boardDefinition,
	leaseLost,
	reported,
	save,
	take,
	type ViewStoreCase,
} from "./view-lab.ts";

/** Versions, their builds, and which of them readers use. */
export const versionCases: readonly ViewStoreCase[] = [
	{
		title: "a version begins with one build that has nothing, and opening it again changes nothing",
		async run(lab) {
			const [store, other] = [await lab.open(), await lab.open()];
			const opened = await Promise.all([
				store.open(boardDefinition, background),
				other.open(boardDefinition, background),
			]);
			for (const { builds, live, kind } of opened) {
				expect([kind, live, builds.map(({ build }) => build)]).toEqual(["documents", undefined, [1]]);
			}
			const { holder, isBuilt, parked, places } = await reported(other, board);
			expect({ holder, isBuilt, parked, places }).toEqual({
				holder: undefined,
				isBuilt: false,
				parked: 0,
				places: new Map(),
			});
		},
	},
	{
		title: "a version with another definition is refused, and another version of the view has nothing of it",
		async run(lab) {
			const { store, lease } = await lab.held();
			await save(store, board, lease, { places: at(1) });
			await expect(store.open({ ...boardDefinition, shape: "other" }, background)).rejects.toMatchObject({
				code: "failed_precondition",
				reason: "other_definition",
			});
			const { builds } = await store.open({ ...boardDefinition, version: 2, shape: "other" }, background);
			expect(builds[0]?.places).toEqual(new Map());
			const all = await store.versions(background);
			expect(all.map(({ name, version }) => [name, version])).toEqual([
				["board", 1],
				["board", 2],
			]);
		},
	},
	{
		title: "a version belongs to the app that projects it, and another app is refused by one sentence",
		async run(lab) {
			const [store, other] = [await lab.open(), await lab.open()];
			const owned = { ...boardDefinition, owner: "league", topics: ["matches", "bets"] };
			const { owner, topics } = await store.open(owned, background);
			expect([owner, topics]).toEqual(["league", ["matches", "bets"]]);
			await expect(other.open({ ...owned, owner: "shop" }, background)).rejects.toMatchObject({
				code: "failed_precondition",
				reason: "other_owner",
				message: expect.stringMatching(/^the app league projects version 1 of the view board.* shop cannot/),
			});
			expect(await other.open(owned, background)).toMatchObject({ owner: "league", builds: [{ build: 1 }] });
			const next = { ...owned, owner: "shop", version: 2 };
			expect(await other.open(next, background)).toMatchObject({ owner: "shop" });
			await store.rebuild(board, background);
			expect(await store.report(board, background)).toMatchObject({
				owner: "league",
				topics: ["matches", "bets"],
			});
		},
	},
	{
		title: "of two apps that make one version at once, one projects it",
		async run(lab) {
			const stores = await Promise.all(Array.from({ length: 4 }, () => lab.open()));
			const opened = await Promise.allSettled(
				stores.map((store, index) => store.open({ ...boardDefinition, owner: `app${index}` }, background)),
			);
			const owners = opened.flatMap((each) => (each.status === "fulfilled" ? each.value.owner : []));
			expect(owners).toEqual([(await stores[0]?.report(board, background))?.owner]);
			for (const each of opened) {
				if (each.status === "rejected") expect(each.reason).toMatchObject({ reason: "other_owner" });
			}
		},
	},
	{
		title: "a version whose app is not known belongs to the first that names itself",
		async run(lab) {
			const { store, lease } = await lab.held();
			await save(store, board, lease, { places: at(1) });
			expect(await store.report(board, background)).toMatchObject({ owner: undefined, topics: [] });
			const owned = { ...boardDefinition, owner: "league", topics: ["matches"] };
			expect(await store.open(owned, background)).toMatchObject({
				owner: "league",
				topics: ["matches"],
				builds: [{ places: at(1) }],
			});
			const other = store.open({ ...owned, owner: "shop" }, background);
			await expect(other).rejects.toMatchObject({ reason: "other_owner" });
			expect(await store.open(boardDefinition, background)).toMatchObject({ owner: "league" });
		},
	},
	{
		title: "names that no store can keep are refused by one sentence",
		async run(lab) {
			const store = await lab.open();
			for (const name of ["", "a/b", "..", "a.b", "ä", "__proto__", "a\0", "x".repeat(65), "a'b"]) {
				await expect(store.open({ ...boardDefinition, name }, background)).rejects.toMatchObject({
					code: "invalid_argument",
				});
			}
			for (const version of [0, -1, 1.5, Number.NaN]) {
				await expect(store.open({ ...boardDefinition, version }, background)).rejects.toMatchObject({
					code: "invalid_argument",
				});
			}
		},
	},
	{
		title: "a build is read once it is finished, and another one beside it once that is",
		async run(lab) {
			const { store, lease } = await lab.held();
			const reader = await lab.open();
			expect((await reader.report(board, background))?.live).toBeUndefined();
			await store.build({ ...board, build: 1 }).finish(lease, background);
			expect(await reader.report(board, background)).toMatchObject({ live: 1, builds: [{ isBuilt: true }] });
			expect(await store.rebuild(board, background)).toBe(2);
			expect(await reader.rebuild(board, background)).toBe(2);
			expect(await reader.report(board, background)).toMatchObject({
				live: 1,
				builds: [{}, { isBuilt: false }],
			});
			const second = await take(store, board, "a", 2);
			await store.build({ ...board, build: 2 }).finish(second, background);
			expect((await reader.report(board, background))?.live).toBe(2);
		},
	},
	{
		title: "readers are switched back to a build that was built, and to no other",
		async run(lab) {
			const { store, lease } = await lab.held();
			await store.build({ ...board, build: 1 }).finish(lease, background);
			await store.rebuild(board, background);
			await expect(store.switch({ ...board, build: 2 }, background)).rejects.toMatchObject({
				code: "failed_precondition",
				reason: "not_built",
			});
			await expect(store.switch({ ...board, build: 9 }, background)).rejects.toMatchObject({
				code: "not_found",
			});
			await store.build({ ...board, build: 2 }).finish(await take(store, board, "a", 2), background);
			await store.switch({ ...board, build: 1 }, background);
			expect((await store.report(board, background))?.live).toBe(1);
		},
	},
	{
		title: "what is dropped is gone, and leases on it are worth nothing when it is made again",
		async run(lab) {
			const { store, lease } = await lab.held();
			await save(store, board, lease, { places: at(5) });
			expect(await store.drop(board, background)).toBe(true);
			expect(await store.drop(board, background)).toBe(false);
			expect(await store.report(board, background)).toBeUndefined();
			await expect(save(store, board, lease, { places: at(6) })).rejects.toMatchObject(leaseLost);
			await store.open(boardDefinition, background);
			await expect(save(store, board, lease, { places: at(6) })).rejects.toMatchObject(leaseLost);
			expect((await reported(store, board)).places).toEqual(new Map());
		},
	},
	{
		title: "a change wakes all waits, in other processes too, and a wait ends with its context",
		async run(lab) {
			const { store, lease } = await lab.held();
			const other = await lab.open();
			const woken = other.changed(board, background.withTimeout(10_000));
			await save(store, board, lease, { places: at(1) });
			await woken;
			const { ctx, cancel } = background.withCancel();
			const waiting = other.changed({ ...board, version: 7 }, ctx);
			cancel();
			await waiting.catch((error) => expect(error).toMatchObject({ code: "canceled" }));
		},
	},
	{
		title: "a closed store refuses what is asked of it, and closes twice",
		async run(lab) {
			const { store, lease } = await lab.held();
			await store.close();
			await store.close();
			const closed = { code: "failed_precondition" };
			await expect(store.report(board, background)).rejects.toMatchObject(closed);
			await expect(save(store, board, lease, { places: at(1) })).rejects.toMatchObject(closed);
		},
	},
];

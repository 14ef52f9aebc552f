import { spec } from "@allium/testing";
import { describe, expect, test } from "vitest";
import { islands, walkable } from "../map.ts";
import { Games } from "./contract.ts";
import { rules } from "./rules.ts";

const id = "g1";
const created = Games.created({ id, version: 1, island: "ridge" });
const ann = Games.joined({ id, version: 2, player: "ann", name: "Ann", position: { x: 0, y: 0 } });
const bob = Games.joined({ id, version: 3, player: "bob", name: "Bob", position: { x: 1, y: 0 } });
const annAt = (version: number, x: number, y: number) =>
	Games.moved({ id, version, player: "ann", position: { x, y } });

describe("create", () => {
	test("begins a game", () => {
		spec(rules).when("create", { id, island: "ridge" }).then(created);
	});

	test("changes nothing the second time", () => {
		spec(rules).given(created).when("create", { id, island: "ridge" }).then();
	});

	test("leaves a game on the island where it is", () => {
		spec(rules)
			.given(created)
			.when("create", { id, island: "atoll" })
			.thenError(Games.create.error.game_exists);
	});
});

describe("join", () => {
	const join = { id, player: "bob", name: "Bob" };

	test("puts players on free tiles", () => {
		spec(rules).given(created, ann).when("join", join).then(bob);
	});

	test("needs a game", () => {
		spec(rules).when("join", join).thenError(Games.join.error.no_such_game);
	});

	test("is once for each player", () => {
		spec(rules).given(created, ann, bob).when("join", join).thenError(Games.join.error.already_joined);
	});

	test("is refused when the island is full", () => {
		const crowd = walkable(islands.ridge).map((position, index) =>
			Games.joined({ id, version: index + 2, player: `p${index}`, name: "P", position }),
		);
		expect(crowd.length).toBeGreaterThan(20);
		spec(rules)
			.given(created, ...crowd.slice(1))
			.when("join", join)
			.then(Games.joined({ ...join, version: crowd.length + 2, position: { x: 0, y: 0 } }));
		spec(rules)
			.given(created, ...crowd)
			.when("join", join)
			.thenError(Games.join.error.island_full);
	});
});

describe("move", () => {
	test("goes by one tile", () => {
		spec(rules)
			.given(created, ann, bob)
			.when("move", { id, player: "ann", direction: "south" })
			.then(annAt(4, 0, 1));
	});

	test.each([
		["a tree", { x: 5, y: 0 }, "tree"],
		["a mountain", { x: 7, y: 0 }, "mountain"],
	])("does not go onto %s", (_, { x, y }, tile) => {
		spec(rules)
			.given(created, ann, annAt(3, x, y))
			.when("move", { id, player: "ann", direction: "east" })
			.thenError(Games.move.error.not_walkable, { tile });
	});

	test("does not leave the island", () => {
		spec(rules)
			.given(created, ann)
			.when("move", { id, player: "ann", direction: "north" })
			.thenError(Games.move.error.off_island);
	});

	test("does not go where another player is, until that one goes away", () => {
		const east = { id, player: "ann", direction: "east" } as const;
		const gone = Games.left({ id, version: 4, player: "bob" });
		spec(rules)
			.given(created, ann, bob)
			.when("move", east)
			.thenError(Games.move.error.occupied, { player: "bob" });
		spec(rules)
			.given(created, ann, bob, gone)
			.when("move", east)
			.then(annAt(5, 1, 0));
	});

	test("is for players in a game", () => {
		const move = { id, player: "bob", direction: "east" } as const;
		spec(rules).given(created, ann).when("move", move).thenError(Games.move.error.not_in_game);
		spec(rules).when("move", move).thenError(Games.move.error.no_such_game);
	});
});

describe("leave", () => {
	const leave = { id, player: "ann" };

	test("takes a player out of the game", () => {
		spec(rules)
			.given(created, ann, bob)
			.when("leave", leave)
			.then(Games.left({ ...leave, version: 4 }));
	});

	test("is for players in a game", () => {
		spec(rules).given(created).when("leave", leave).thenError(Games.leave.error.not_in_game);
		spec(rules).when("leave", leave).thenError(Games.leave.error.no_such_game);
	});
});

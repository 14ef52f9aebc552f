import { describe, expect, test } from "vitest";
import { type Island, islands, isWalkable, step, tileAt, tiles, walkable } from "./map.ts";

const here = { x: 4, y: 2 };

test.each([
	["north", { x: 4, y: 1 }],
	["east", { x: 5, y: 2 }],
	["south", { x: 4, y: 3 }],
	["west", { x: 3, y: 2 }],
] as const)("a step to the %s", (direction, there) => {
	expect(step(here, direction)).toEqual(there);
});

test("grass and sand can be walked on; water, trees, mountains and what is off the island cannot", () => {
	const island: Island = ["._~T^"];
	const walked = [-1, 0, 1, 2, 3, 4, 5].map((x) => isWalkable(island, { x, y: 0 }));
	expect(walked).toEqual([false, true, true, false, false, false, false]);
	expect(tileAt(island, { x: 3, y: 0 })?.name).toBe("tree");
	expect(tileAt(island, { x: 0, y: 1 })).toBeUndefined();
});

describe.each(Object.entries<Island>(islands))("%s", (_, island) => {
	test("is a rectangle of known tiles", () => {
		expect(new Set(island.map((row) => row.length)).size).toBe(1);
		expect(Object.keys(tiles)).toEqual(expect.arrayContaining([...new Set(island.join(""))]));
	});

	test("can be walked from any place to any other", () => {
		const [first, ...others] = walkable(island);
		const reached = new Set([JSON.stringify(first)]);
		for (const text of reached) {
			for (const direction of ["north", "east", "south", "west"] as const) {
				const next = step(JSON.parse(text), direction);
				if (isWalkable(island, next)) reached.add(JSON.stringify(next));
			}
		}
		expect(reached.size).toBe(others.length + 1);
	});
});

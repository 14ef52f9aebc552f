import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test("each turn comes when the one before has ended", async () => {
	const turns = new Turns();
	const told: string[] = [];
	const [first, second, third] = ["first", "second", "third"].map(async (name) => {
		const leave = await turns.take();
		told.push(name);
		return leave;
	});
	const leaveFirst = await first;
	expect(told).toEqual(["first"]);
	leaveFirst?.();
	leaveFirst?.();
	const leaveSecond = await second;
	expect(told).toEqual(["first", "second"]);
	leaveSecond?.();
	await third;
});

import { describe, expect, test } from "vitest";
import { Acknowledgements } from "./acknowledgements.ts";

function delivered(...tags: readonly number[]) {
	const sent: [number, boolean][] = [];
	const acknowledgements = new Acknowledgements((tag, multiple) => void sent.push([tag, multiple]));
	for (const tag of tags) acknowledgements.add(tag);
	return { acknowledgements, sent };
}

describe("messages that are done in one turn", () => {
	test("are acknowledged at its end, by one acknowledgement where nothing older waits", async () => {
		const { acknowledgements, sent } = delivered(1, 2, 5, 6);
		for (const tag of [2, 1, 5]) acknowledgements.done(tag);
		expect(sent).toEqual([]);
		await new Promise((resolve) => setImmediate(resolve));
		expect(sent).toEqual([[5, true]]);
	});

	test("are acknowledged each by its own where something older waits, which is not", () => {
		const { acknowledgements, sent } = delivered(1, 2, 3, 4);
		for (const tag of [1, 3, 4]) acknowledgements.done(tag);
		acknowledgements.flush();
		expect(sent).toEqual([
			[1, true],
			[3, false],
			[4, false],
		]);
		acknowledgements.done(2);
		acknowledgements.flush();
		expect(sent.slice(3)).toEqual([[2, true]]);
	});

	test("are acknowledged once, however often they are done", () => {
		const { acknowledgements, sent } = delivered(1);
		acknowledgements.done(1);
		acknowledgements.done(1);
		acknowledgements.flush();
		acknowledgements.done(1);
		acknowledgements.done(7);
		acknowledgements.flush();
		expect(sent).toEqual([[1, true]]);
	});
});

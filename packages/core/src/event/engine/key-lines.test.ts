import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { EventInHand, type Origin } from "./event-in-hand.ts";
import { inLane } from "./fixtures/in-lane.ts";
import { KeyLines } from "./key-lines.ts";

let ready: EventInHand[];
let lines: KeyLines;

beforeEach(() => {
	ready = [];
	lines = new KeyLines((event) => ready.push(event));
});

function event(position: number, key?: string, origin: Origin = "log"): EventInHand {
	return new EventInHand(inLane(position, key), 1, origin);
}

describe("the events of a lane", () => {
	test("are ready at once without a key", () => {
		const events = [event(1), event(2)];
		for (const each of events) lines.take(each);
		expect(ready).toEqual(events);
	});

	test("of one key are ready one after another, and other keys do not wait", () => {
		const [first, second, other] = [event(1, "a"), event(2, "a"), event(3, "b")];
		for (const each of [first, second, other]) lines.take(each);
		expect(ready).toEqual([first, other]);
		lines.finish(first);
		expect(ready).toEqual([first, other, second]);
	});

	test("of a key never overlap, and are ready in order, whatever the order in which they end", () => {
		const steps = fc.array(fc.record({ key: fc.constantFrom("a", "b", "c"), ends: fc.nat(3) }));
		const property = fc.property(steps, (steps) => {
			const running: EventInHand[] = [];
			const begun: EventInHand[] = [];
			const lines = new KeyLines((event) => {
				running.push(event);
				begun.push(event);
			});
			steps.forEach(({ key, ends }, position) => {
				lines.take(event(position, key));
				for (let count = 0; count < ends && running.length > 0; count++) {
					const [ended] = running.splice(position % running.length, 1);
					if (ended !== undefined) lines.finish(ended);
				}
				expect(new Set(running.map(({ event }) => event.key)).size).toBe(running.length);
			});
			for (const key of ["a", "b", "c"]) {
				const cursors = begun.filter(({ event }) => event.key === key).map(({ cursor }) => cursor);
				expect(cursors).toEqual([...cursors].sort());
			}
			for (let ended = running.pop(); ended !== undefined; ended = running.pop()) lines.finish(ended);
			expect([begun.length, lines.size]).toEqual([steps.length, 0]);
		});
		fc.assert(property);
	});
});

describe("a key that is held", () => {
	test("gives back what waits, and takes nothing until it is let go", () => {
		const [first, second, third] = [event(1, "a"), event(2, "a"), event(3, "a")];
		lines.take(first);
		lines.take(second);
		const passed: EventInHand[] = [];
		lines.hold("a", (event) => passed.push(event));
		lines.finish(first);
		expect([passed, ready]).toEqual([[second], [first]]);
		expect(lines.take(third)).toBe(false);
		lines.letGo("a");
		expect(lines.take(third)).toBe(true);
		expect(ready).toEqual([first, third]);
	});

	test("lets its deferred and its delayed events be handled, one after another", () => {
		lines.hold("a", () => {});
		const [deferred, delayed] = [event(1, "a", "deferred"), event(2, "a", "delayed")];
		lines.takeFree(deferred);
		lines.takeFree(delayed);
		expect(ready).toEqual([deferred]);
		lines.finish(deferred);
		expect(ready).toEqual([deferred, delayed]);
		lines.finish(delayed);
		expect(lines.isHeld("a")).toBe(true);
		lines.letGo("a");
		expect(lines.size).toBe(0);
	});
});

test("a delayed event does not overlap with those of its key", () => {
	const [first, delayed] = [event(1, "a"), event(2, "a", "delayed")];
	lines.take(first);
	lines.takeFree(delayed);
	expect(ready).toEqual([first]);
	lines.finish(first);
	expect(ready).toEqual([first, delayed]);
});

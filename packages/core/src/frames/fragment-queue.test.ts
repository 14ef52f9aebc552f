import { expect, test } from "vitest";
import { FragmentQueue, type Fragments } from "./fragment-queue.ts";

/** Messages that note each of their fragments as it goes out, and leave with the last. */
function open(maxHeldBytes: number) {
	const queue = new FragmentQueue();
	queue.maxHeldBytes = maxHeldBytes;
	const sent: string[] = [];
	const add = (name: string, fragments: number, heldBytes: number): Fragments => {
		let left = fragments;
		const message: Fragments = {
			heldBytes,
			waiting: undefined,
			sendNext() {
				sent.push(name);
				if (--left === 0) queue.leave(message);
				return left > 0;
			},
		};
		queue.add(message);
		return message;
	};
	const sendAll = (): string => {
		while (queue.ready) queue.sendNext();
		return sent.join("");
	};
	return { queue, add, sendAll };
}

test("messages take turns, fragment by fragment", () => {
	const { add, sendAll } = open(100);
	add("a", 3, 10);
	add("b", 2, 10);
	expect(sendAll()).toBe("ababa");
});

test("a single fragment waits for one other at most", () => {
	const { add, sendAll } = open(100);
	for (const name of ["a", "b", "c"]) add(name, 2, 10);
	for (const name of ["x", "y"]) add(name, 1, 0);
	expect(sendAll()).toBe("xaybcabc");
});

test("a message that is too much beside the others begins when they are out, and none overtakes it", () => {
	const { add, sendAll } = open(20);
	add("a", 2, 20);
	add("b", 2, 15);
	add("c", 2, 5);
	expect(sendAll()).toBe("aabcbc");
});

test("a message that is too much for all begins alone", () => {
	const { add, sendAll } = open(20);
	add("a", 2, 30);
	add("b", 1, 30);
	expect(sendAll()).toBe("aab");
});

test("a message that is given up makes room, whether or not it has begun", () => {
	const { queue, add, sendAll } = open(20);
	const begun = add("a", 1, 20);
	const waiting = add("b", 1, 20);
	add("c", 1, 20);
	queue.leave(waiting);
	queue.leave(begun);
	queue.sendNext();
	expect(sendAll()).toContain("c");
	expect(sendAll()).not.toContain("b");
});

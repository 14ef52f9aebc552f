import { expect, test } from "vitest";
import { Journal } from "./journal.ts";

const { signal } = new AbortController();

function journal(...ids: string[]): Journal<{ id: string }> {
	const made = new Journal<{ id: string }>(3);
	for (const id of ids) made.add({ id });
	return made;
}

async function take(entries: AsyncGenerator<{ id: string }>, count: number): Promise<string[]> {
	const ids: string[] = [];
	for await (const { id } of entries) if (ids.push(id) === count) break;
	return ids;
}

test("gives no more than it keeps", async () => {
	expect(await take(journal("a", "b", "c", "d").follow(0, signal), 3)).toEqual(["b", "c", "d"]);
});

test("has an entry once, however often it is added", async () => {
	const made = journal("a", "b");
	for (const id of ["a", "c"]) made.add({ id });
	expect(await take(made.follow(0, signal), 3)).toEqual(["a", "b", "c"]);
});

test("is followed from a position on, into later entries", async () => {
	const made = journal("a", "b");
	const following = take(made.follow(1, signal), 2);
	made.add({ id: "c" });
	expect(await following).toEqual(["b", "c"]);
});

test("is followed from now on when no position is given", async () => {
	const made = journal("a", "b");
	const following = take(made.follow(undefined, signal), 1);
	made.add({ id: "c" });
	expect(await following).toEqual(["c"]);
});

test("lets go of a follower that waits when its signal aborts", async () => {
	const abort = new AbortController();
	const waiting = journal().follow(undefined, abort.signal).next();
	abort.abort();
	await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
});

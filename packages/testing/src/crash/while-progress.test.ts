import { expect, test } from "vitest";
import { whileProgress } from "./while-progress.ts";

/** Something that comes at the given wait, or never, and gets on with each wait until another. */
function coming(at: number, until: number) {
	let waits = 0;
	return {
		progress: () => Math.min(waits, until),
		async wait() {
			if (++waits < at) throw new Error("not in time");
		},
		waits: () => waits,
	};
}

test("waits as long as there is progress, and says whether it came", async () => {
	const slow = coming(4, 10);
	expect(await whileProgress(slow.progress, slow.wait)).toBe(true);
	expect(slow.waits()).toBe(4);
});

test("gives up what gets on no more", async () => {
	const stuck = coming(10, 2);
	expect(await whileProgress(stuck.progress, stuck.wait)).toBe(false);
	expect(stuck.waits()).toBe(3);
});

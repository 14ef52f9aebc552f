import { expect, test } from "vitest";
import { byCodePoints } from "./code-points.ts";

test("texts are compared as the bytes of their UTF-8 are", () => {
	const texts = ["", "a", "ab", "b", "Z", "é", "\uffff", "😀", "😀a", "😁", "\ue000"];
	const sorted = [...texts].sort(byCodePoints);
	const bytes = [...texts].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
	expect(sorted).toEqual(bytes);
	expect(byCodePoints("same", "same")).toBe(0);
});

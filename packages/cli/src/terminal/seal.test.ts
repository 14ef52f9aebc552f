import { expect, test } from "vitest";
import { seal, unseal, unstyled } from "./seal.ts";

test("a sealed text is styled, and its style takes no room", () => {
	const bold = seal("\x1b[1mname\x1b[22m");
	expect(unseal(bold)).toBe("\x1b[1mname\x1b[22m");
	expect(unstyled(bold)).toBe("name");
});

test("control characters of strangers have no effect, within a sealed text and beside it", () => {
	const text = `\x1b[31m${seal("\x1b[1m")}\x1b[2J\x9b1m${seal("\x1b[22m")}\r`;
	expect(unseal(text)).toBe("\\u001b[31m\x1b[1m\\u001b[2J\\u009b1m\x1b[22m\\u000d");
});

import { expect, test } from "vitest";
import { ReceiveWindow } from "./receive-window.ts";

test("the sender may send as much as the window has, and no byte more", () => {
	const window = new ReceiveWindow(10);
	expect(window.take(10)).toBe(true);
	expect(window.take(1)).toBe(false);
});

test("credit is returned when half a window was consumed, all of it at once", () => {
	const window = new ReceiveWindow(10);
	window.take(10);
	expect(window.consume(4)).toBe(0);
	expect(window.consume(3)).toBe(7);
	expect(window.take(7)).toBe(true);
	expect(window.take(1)).toBe(false);
});

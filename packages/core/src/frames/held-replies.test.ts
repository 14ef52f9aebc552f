import { expect, test, vi } from "vitest";
import { HeldReplies } from "./held-replies.ts";

test("calls wait when there are replies enough, but for a few, and go on when there are not", () => {
	const replies = new HeldReplies(100);
	replies.hold(100);
	expect(replies.full).toBe(false);
	replies.hold(1);
	expect(replies.full).toBe(true);
	const calls = Array.from({ length: 20 }, () => vi.fn());
	for (const call of calls) replies.wait(call);
	const running = (): number => calls.filter((call) => call.mock.calls.length === 1).length;
	expect(running()).toBe(16);
	replies.leave();
	expect(running()).toBe(17);
	replies.release(1);
	expect(running()).toBe(20);
});

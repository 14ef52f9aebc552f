import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { MemberReport } from "../group-state.ts";
import { MemberWatch } from "./member-watch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function member(renewal: string, more: Partial<MemberReport> = {}): MemberReport {
	return { id: "a", handles: {}, joined: 1, renewal, ...more };
}

test("a member is silent when its renewal has not changed for a time to live since it was seen first", () => {
	const watch = new MemberWatch(1_000);
	expect(watch.live([member("1")])).toHaveLength(1);
	vi.advanceTimersByTime(999);
	expect(watch.live([member("1")])).toHaveLength(1);
	vi.advanceTimersByTime(1);
	expect(watch.live([member("1")])).toEqual([]);
	expect(watch.live([member("2")])).toHaveLength(1);
});

test("a member is live when it is seen for the first time, however old its renewal is", () => {
	vi.advanceTimersByTime(1_000_000);
	expect(new MemberWatch(1_000).live([member("1")])).toHaveLength(1);
});

test("the server's own clock counts where it tells how long a member is silent", () => {
	const watch = new MemberWatch(1_000);
	expect(watch.live([member("1", { silentMs: 1_000 })])).toEqual([]);
	expect(watch.live([member("1", { silentMs: 999 })])).toHaveLength(1);
});

test("a member that is silent for ten times as long is not expected back", () => {
	const watch = new MemberWatch(1_000);
	watch.live([member("1")]);
	vi.advanceTimersByTime(9_999);
	expect(watch.longSilent([member("1")])).toEqual([]);
	vi.advanceTimersByTime(1);
	expect(watch.longSilent([member("1")])).toHaveLength(1);
	expect(watch.longSilent([member("2")])).toEqual([]);
});

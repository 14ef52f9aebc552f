import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { MemberReport } from "../group-state.ts";
import { MemberWatch } from "./member-watch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function member(renewal: string, more: Partial<MemberReport> = {}): MemberReport {
	return { id: "a", handles: {}, joined: 1, renewal, ...more };
}

/** Looks as often as a group does, for so many milliseconds. */
function lookFor(watch: MemberWatch, milliseconds: number, renewal = "1"): void {
	for (let left = milliseconds; left > 0; left -= 250) {
		vi.advanceTimersByTime(Math.min(250, left));
		watch.live([member(renewal)]);
	}
}

test("a member is silent when its renewal has not changed for a time to live since it was seen first", () => {
	const watch = new MemberWatch(1_000);
	expect(watch.live([member("1")])).toHaveLength(1);
	lookFor(watch, 999);
	expect(watch.live([member("1")])).toHaveLength(1);
	vi.advanceTimersByTime(1);
	expect(watch.live([member("1")])).toEqual([]);
	expect(watch.live([member("2")])).toHaveLength(1);
});

describe("after the state of groups was away", () => {
	test("for long, all members have a whole time to live to renew", () => {
		const watch = new MemberWatch(1_000);
		watch.live([member("1")]);
		lookFor(watch, 900);
		vi.advanceTimersByTime(60_000);
		expect(watch.live([member("1", { silentMs: 60_900 })])).toHaveLength(1);
		lookFor(watch, 999);
		expect(watch.live([member("1")])).toHaveLength(1);
		vi.advanceTimersByTime(1);
		expect(watch.live([member("1")])).toEqual([]);
	});

	test("for a while, that while counts for a single look", () => {
		const watch = new MemberWatch(1_000);
		watch.live([member("1")]);
		vi.advanceTimersByTime(1_500);
		expect(watch.live([member("1", { silentMs: 1_500 })])).toHaveLength(1);
		lookFor(watch, 749);
		expect(watch.live([member("1")])).toHaveLength(1);
		vi.advanceTimersByTime(1);
		expect(watch.live([member("1")])).toEqual([]);
	});

	test("a renewal just before that was not seen is no old one", () => {
		const watch = new MemberWatch(1_000);
		watch.live([member("1")]);
		vi.advanceTimersByTime(1_500);
		expect(watch.live([member("2", { silentMs: 1_490 })])).toHaveLength(1);
	});
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
	lookFor(watch, 9_999);
	expect(watch.longSilent([member("1")])).toEqual([]);
	vi.advanceTimersByTime(1);
	watch.live([member("1")]);
	expect(watch.longSilent([member("1")])).toHaveLength(1);
	expect(watch.longSilent([member("2")])).toEqual([]);
});

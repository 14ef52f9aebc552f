import { EventEmitter } from "node:events";
import type { Http2Session, Http2Stream } from "node:http2";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Http2Idle } from "./http2-idle.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(milliseconds = 100) {
	const session = new EventEmitter();
	const idle = vi.fn();
	const watch = new Http2Idle(session as Http2Session, milliseconds, idle);
	/** Begins a stream. Returns a function that ends it. */
	const begin = (): (() => void) => {
		const stream = new EventEmitter();
		watch.add(stream as Http2Stream);
		return () => void stream.emit("close");
	};
	return { session, idle, begin };
}

test("a session without a stream is idle after its time, and that is told once", () => {
	const { idle } = watched();
	vi.advanceTimersByTime(99);
	expect(idle).not.toHaveBeenCalled();
	vi.advanceTimersByTime(1_000);
	expect([idle.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0]);
});

test("a session with a stream is not idle, however long that lasts; its time begins with the end of the last", () => {
	const { idle, begin } = watched();
	const ends = [begin(), begin()];
	vi.advanceTimersByTime(1_050);
	ends[0]?.();
	vi.advanceTimersByTime(1_000);
	ends[1]?.();
	vi.advanceTimersByTime(99);
	expect(idle).not.toHaveBeenCalled();
	vi.advanceTimersByTime(1);
	expect(idle).toHaveBeenCalledOnce();
});

test("a session that is gone leaves no timer", () => {
	const { session, begin } = watched();
	begin()();
	session.emit("close");
	expect(vi.getTimerCount()).toBe(0);
});

test("a session is kept for ever where its time is Infinity", () => {
	const { idle } = watched(Number.POSITIVE_INFINITY);
	expect(vi.getTimerCount()).toBe(0);
	expect(idle).not.toHaveBeenCalled();
});

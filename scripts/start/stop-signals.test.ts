import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { onStopSignals } from "./stop-signals.ts";

let end: () => void;
const stop = vi.fn();
const force = vi.fn();

beforeEach(() => {
	vi.useFakeTimers();
	vi.resetAllMocks();
	end = onStopSignals(stop, force);
});

afterEach(() => {
	end();
	vi.useRealTimers();
});

test("the first signal stops", () => {
	process.emit("SIGINT");
	expect(stop).toHaveBeenCalledOnce();
	expect(force).not.toHaveBeenCalled();
});

test("the same Ctrl-C that npm sends on does not force", () => {
	process.emit("SIGINT");
	vi.advanceTimersByTime(50);
	process.emit("SIGINT");
	expect(force).not.toHaveBeenCalled();
});

test("a second Ctrl-C forces, and stops no second time", () => {
	process.emit("SIGINT");
	vi.advanceTimersByTime(1000);
	process.emit("SIGINT");
	expect(force).toHaveBeenCalledOnce();
	expect(stop).toHaveBeenCalledOnce();
});

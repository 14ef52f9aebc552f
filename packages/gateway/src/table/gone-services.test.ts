import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GoneServices } from "./gone-services.ts";

const hour = 3_600_000;
const names = (count: number) => Array.from({ length: count }, (_, n) => `service${n}`);

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
	vi.useRealTimers();
});

function given(count: number): GoneServices {
	const gone = new GoneServices();
	for (const name of names(count)) gone.add(name);
	return gone;
}

test("a hundred services are remembered for good", () => {
	const gone = given(100);
	vi.advanceTimersByTime(24 * hour);
	expect(gone.takeForgotten()).toEqual([]);
});

test("more are remembered for an hour, and then the longest gone are forgotten", () => {
	const gone = given(103);
	vi.advanceTimersByTime(hour - 1);
	expect(gone.takeForgotten()).toEqual([]);
	vi.advanceTimersByTime(1);
	expect(gone.takeForgotten()).toEqual(["service0", "service1", "service2"]);
	expect(gone.takeForgotten()).toEqual([]);
});

test("a service that came back is not forgotten, and is gone once more when it goes again", () => {
	const gone = given(102);
	gone.remove("service0");
	gone.add("service0");
	vi.advanceTimersByTime(hour);
	expect(gone.takeForgotten()).toEqual(["service1", "service2"]);
});

test("a service that is gone already keeps its time", () => {
	const gone = given(101);
	vi.advanceTimersByTime(hour / 2);
	gone.add("service0");
	vi.advanceTimersByTime(hour / 2);
	expect(gone.takeForgotten()).toEqual(["service0"]);
});

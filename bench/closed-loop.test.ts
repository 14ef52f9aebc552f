import { expect, test } from "vitest";
import { callInLoops, Meter, repeat } from "./closed-loop.ts";

test("several callers call at once, each again when it has its answer", async () => {
	let [running, most] = [0, 0];
	const { calls, seconds } = await callInLoops(
		async () => {
			most = Math.max(most, ++running);
			await null;
			running--;
		},
		3,
		5,
	);
	expect(most).toBe(3);
	expect(calls).toBeGreaterThanOrEqual(3);
	expect(seconds).toBeGreaterThanOrEqual(0.005);
});

test("a step counts for as many things as it did", async () => {
	let steps = 0;
	const { calls } = await repeat(() => {
		steps++;
		return 64;
	}, 1);
	expect(calls).toBe(64 * steps);
});

test("a busy machine may let the time pass before the first call: there is one all the same", async () => {
	expect(await callInLoops(async () => {}, 2, 0)).toMatchObject({ calls: 2 });
	expect(await repeat(() => 64, 0)).toMatchObject({ calls: 64 });
});

test("latencies are told in microseconds", () => {
	const meter = new Meter();
	for (const latency of [3, 1, 2]) meter.add(latency);
	expect(meter.measured()).toMatchObject({ calls: 3, p50us: 2_000, p99us: 3_000 });
});

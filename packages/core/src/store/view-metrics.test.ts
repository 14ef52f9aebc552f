import { afterEach, beforeEach, expect, test } from "vitest";
import { TestTelemetry } from "../middleware/fixtures/telemetry.ts";
import { ViewMetrics, type ViewNumbers } from "./view-metrics.ts";

let telemetry: TestTelemetry;
beforeEach(() => {
	telemetry = new TestTelemetry();
});
afterEach(() => telemetry[Symbol.asyncDispose]());

const view = (version: number, status: () => Promise<ViewNumbers>) => ({
	id: { name: "standings", version },
	status,
});

test("the gauges of a view have its name and version, and are absent while a number is not known", async () => {
	const metrics = new ViewMetrics([
		view(1, async () => ({ lag: 3, lagSeconds: 1.5, parked: 0 })),
		view(2, async () => ({ parked: 2 })),
	]);
	metrics.start();
	const measured = await telemetry.measured();
	const first = { "allium.view.name": "standings", "allium.view.version": 1 };
	const values = (name: string) =>
		measured.get(name)?.map(({ value, attributes }) => [value, attributes["allium.view.version"]]);
	expect(values("allium.view.lag")).toEqual([[3, 1]]);
	expect(values("allium.view.lag.seconds")).toEqual([[1.5, 1]]);
	expect(values("allium.view.parked")).toEqual([
		[0, 1],
		[2, 2],
	]);
	expect(measured.get("allium.view.lag")?.[0]?.attributes).toEqual(first);
	metrics.stop();
});

test("a view that cannot be asked is not measured, and its last numbers are not repeated", async () => {
	let isAway = false;
	const metrics = new ViewMetrics([
		view(1, async () => (isAway ? Promise.reject(new Error("away")) : { lag: 3 })),
	]);
	metrics.start();
	const lags = async () => (await telemetry.measured()).get("allium.view.lag")?.map(({ value }) => value);
	expect(await lags()).toEqual([3]);
	isAway = true;
	expect(await lags()).toEqual([Number.NaN]);
	metrics.stop();
});

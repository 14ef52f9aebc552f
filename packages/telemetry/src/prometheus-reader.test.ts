import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { afterEach, expect, test } from "vitest";
import { PrometheusReader } from "./prometheus-reader.ts";

const reader = new PrometheusReader();
const provider = new MeterProvider({ readers: [reader] });
const meter = provider.getMeter("shop");
afterEach(() => provider.shutdown());

test("a name ends in its unit, once", async () => {
	meter.createGauge("shop.age", { unit: "s" }).record(1);
	meter.createGauge("shop.lag.seconds", { unit: "s" }).record(2);
	meter.createGauge("shop.milliseconds", { unit: "s" }).record(3);
	meter.createGauge("shop_size_bytes", { unit: "By" }).record(4);
	meter.createCounter("shop.orders", { unit: "{order}" }).add(5);
	const samples = (await reader.text()).split("\n").filter((line) => line.startsWith("shop"));
	expect(samples).toEqual([
		"shop_age_seconds 1",
		"shop_lag_seconds 2",
		"shop_milliseconds_seconds 3",
		"shop_size_bytes 4",
		"shop_orders_total 5",
	]);
});

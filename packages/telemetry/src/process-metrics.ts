import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { getHeapSpaceStatistics } from "node:v8";
import type { Meter } from "@opentelemetry/api";

const nanosecondsPerSecond = 1e9;
const microsecondsPerSecond = 1e6;

/**
 * Observes this process whenever the metrics are read: processor, memory, heap, and the delay of the event loop. Names
 * follow the semantic conventions 1.45 (`process.*`, `v8js.*`, `nodejs.*`).
 *
 * @returns a function that ends the observation.
 */
export function observeProcess(meter: Meter): () => void {
	const cpu = meter.createObservableCounter("process.cpu.time", {
		description: "How long processors have worked for the process.",
		unit: "s",
	});
	cpu.addCallback((result) => {
		const { user, system } = process.cpuUsage();
		result.observe(user / microsecondsPerSecond, { "cpu.mode": "user" });
		result.observe(system / microsecondsPerSecond, { "cpu.mode": "system" });
	});

	const memory = meter.createObservableUpDownCounter("process.memory.usage", {
		description: "The physical memory that the process takes.",
		unit: "By",
	});
	memory.addCallback((result) => result.observe(process.memoryUsage.rss()));

	const heap = meter.createObservableUpDownCounter("v8js.memory.heap.used", {
		description: "What is used of the heap, by space.",
		unit: "By",
	});
	heap.addCallback((result) => {
		for (const { space_name, space_used_size } of getHeapSpaceStatistics()) {
			result.observe(space_used_size, { "v8js.heap.space.name": space_name });
		}
	});
	return observeEventLoop(meter);
}

/** The delay and the utilization of the event loop since the last reading. */
function observeEventLoop(meter: Meter): () => void {
	const histogram = monitorEventLoopDelay({ resolution: 10 });
	histogram.enable();
	const delay = (name: string) =>
		meter.createObservableGauge(`nodejs.eventloop.delay.${name}`, {
			description: `The ${name} of how late the event loop was since the last scrape.`,
			unit: "s",
		});
	const [max, p50, p99] = [delay("max"), delay("p50"), delay("p99")];
	const utilization = meter.createObservableGauge("nodejs.eventloop.utilization", {
		description: "The share of the time since the last scrape in which the event loop was busy.",
		unit: "1",
	});
	let before = performance.eventLoopUtilization();
	meter.addBatchObservableCallback(
		(result) => {
			result.observe(max, histogram.max / nanosecondsPerSecond);
			result.observe(p50, histogram.percentile(50) / nanosecondsPerSecond);
			result.observe(p99, histogram.percentile(99) / nanosecondsPerSecond);
			histogram.reset();
			const now = performance.eventLoopUtilization();
			result.observe(utilization, performance.eventLoopUtilization(now, before).utilization);
			before = now;
		},
		[max, p50, p99, utilization],
	);
	return () => void histogram.disable();
}

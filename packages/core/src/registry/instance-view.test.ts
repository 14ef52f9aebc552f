import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import { type InstanceRecord, instanceRecord } from "./instance-record.ts";
import { InstanceView } from "./instance-view.ts";

const ttlMs = 1_000;

function record(id: string, weight = 1): InstanceRecord {
	return instanceRecord({
		id,
		app: "add",
		namespace: "test",
		addresses: [`allium://127.0.0.1:1/${id}`],
		services: [{ name: "add", version: "1.0.0", hash: "h" }],
		labels: {},
		weight,
		status: "up",
		startedAt: "2026-01-01T00:00:00.000Z",
	});
}

const [a, b, c] = [record("a"), record("b"), record("c")];

let view: InstanceView;
let told: string[];

/** Watches, and notes what the watcher is told. */
async function watch(): Promise<void> {
	const consume = async (): Promise<void> => {
		for await (const event of view.watch({}, Context.background())) {
			if (event.type === "snapshot") {
				told.push(`snapshot ${event.instances.map(({ id }) => id).sort()}`);
			} else {
				const released = event.type === "down" && event.released === true;
				told.push(`${event.type} ${event.instance.id}${released ? " released" : ""}`);
			}
		}
	};
	void consume();
	await pass(0);
}

async function pass(milliseconds: number): Promise<void> {
	await vi.advanceTimersByTimeAsync(milliseconds);
}

beforeEach(async () => {
	vi.useFakeTimers();
	told = [];
	view = new InstanceView({ start: () => view.replace([a, b, c]), stop: () => {} });
	await watch();
	expect(told).toEqual(["snapshot a,b,c"]);
	told = [];
});
afterEach(() => {
	view.close();
	expect(vi.getTimerCount()).toBe(0);
	vi.useRealTimers();
});

describe("after an outage", () => {
	test("a snapshot removes nobody until one time to live has passed", async () => {
		view.pause();
		await pass(60_000);
		view.resume([], ttlMs);
		await pass(ttlMs - 1);
		expect(told).toEqual([]);
		expect([...view.records()]).toHaveLength(3);
		await pass(1);
		expect(told.sort()).toEqual(["down a", "down b", "down c"]);
	});

	test("those that come back meanwhile stay, and watchers hear nothing of it", async () => {
		view.resume([b], ttlMs);
		view.put(a);
		await pass(ttlMs);
		expect(told).toEqual(["down c"]);
	});

	test("the grace lasts while missing instances keep coming back, as a thousand do that register again at once", async () => {
		view.resume([], ttlMs);
		await pass(0.9 * ttlMs);
		view.put(a);
		await pass(0.9 * ttlMs);
		view.put(b);
		await pass(ttlMs - 1);
		expect(told).toEqual([]);
		await pass(1);
		expect(told).toEqual(["down c"]);
	});

	test("instances that were not missing do not prolong the grace", async () => {
		view.resume([a, b], ttlMs);
		await pass(0.9 * ttlMs);
		view.put(record("d"));
		view.put(record("a", 2));
		await pass(0.1 * ttlMs);
		expect(told).toEqual(["up d", "up a", "down c"]);
	});

	test("an instance that comes and goes prolongs the grace to 12 times to live at most", async () => {
		view.resume([b], ttlMs);
		for (let half = 0; half < 23; half++) {
			view.put(a);
			view.delete(a.key);
			await pass(ttlMs / 2);
		}
		expect(told).toEqual([]);
		view.put(a);
		await pass(ttlMs / 2);
		expect(told).toEqual(["down c"]);
	});

	test("one that is put while the connection is lost again does not end the grace of that loss", async () => {
		view.resume([b, c], ttlMs);
		view.pause();
		view.put(a);
		view.delete(b.key);
		await pass(60_000);
		expect(told).toEqual([]);
	});

	test("one that comes back with another record is told as changed", async () => {
		view.resume([], ttlMs);
		view.put(record("a", 2));
		await pass(0);
		expect(told).toEqual(["up a"]);
	});

	test("instances that are new in the snapshot are told at once", async () => {
		view.resume([a, b, c, record("d")], ttlMs);
		await pass(0);
		expect(told).toEqual(["up d"]);
	});

	test("one that left of its own accord goes at once, missing or not", async () => {
		view.resume([b, c], ttlMs);
		view.delete(a.key, true);
		view.delete(b.key, true);
		await pass(0);
		expect(told).toEqual(["down a released", "down b released"]);
	});

	test("a snapshot that knows who left of their own accord removes those at once", async () => {
		view.resume([c], ttlMs, (key) => key === a.key);
		await pass(0);
		expect(told).toEqual(["down a released"]);
		await pass(ttlMs);
		expect(told).toEqual(["down a released", "down b"]);
	});

	test("an expiry that the backend tells waits for the end of the grace", async () => {
		view.resume([a, b, c], ttlMs);
		view.delete(a.key);
		await pass(ttlMs - 1);
		expect(told).toEqual([]);
		await pass(1);
		expect(told).toEqual(["down a"]);
	});

	test("so does a further snapshot, which is not asked again who left", async () => {
		view.resume([b, c], ttlMs);
		view.replace([c], () => true);
		await pass(0);
		expect(told).toEqual(["down b released"]);
		await pass(ttlMs);
		expect(told).toEqual(["down b released", "down a"]);
	});

	test("a second outage starts the grace again, and it does not end before that outage does", async () => {
		view.resume([], ttlMs);
		await pass(900);
		view.pause();
		await pass(60_000);
		expect(told).toEqual([]);
		view.resume([a], ttlMs);
		await pass(ttlMs - 1);
		expect(told).toEqual([]);
		await pass(1);
		expect(told.sort()).toEqual(["down b", "down c"]);
	});

	test("after the grace, all is as before", async () => {
		view.resume([a, b, c], ttlMs);
		await pass(ttlMs);
		view.delete(a.key);
		view.replace([b]);
		await pass(0);
		expect(told).toEqual(["down a", "down c"]);
	});

	test("a watcher that begins during the grace sees those that are missing, as the others do", async () => {
		view.resume([a], ttlMs);
		await watch();
		expect(told).toEqual(["snapshot a,b,c"]);
	});
});

describe("a view that knows nothing yet", () => {
	test("takes its first snapshot as it is", async () => {
		const fresh = new InstanceView({
			start: () => {
				fresh.pause();
				fresh.resume([a], ttlMs);
			},
			stop: () => {},
		});
		view.close();
		view = fresh;
		await watch();
		fresh.replace([]);
		await pass(0);
		expect(told).toEqual(["snapshot a", "down a"]);
	});
});

test("an adapter hears which services are watched", async () => {
	const heard: string[] = [];
	const other = new InstanceView({
		start: () => heard.push("start"),
		stop: () => heard.push("stop"),
		startService: (service) => heard.push(`start ${service}`),
		stopService: (service) => heard.push(`stop ${service}`),
	});
	const watches = ["add", "add", undefined].map((service) =>
		other.watch(service === undefined ? {} : { service }, Context.background()),
	);
	for (const each of watches) void each.next();
	expect(heard).toEqual(["start", "start add", "start undefined"]);
	for (const each of watches) await each.return?.();
	expect(heard.slice(3)).toEqual(["stop add", "stop undefined", "stop"]);
});

describe("no timer is left", () => {
	test("when the last watcher has left during a grace", async () => {
		const { ctx, cancel } = Context.background().withCancel();
		const other = new InstanceView({ start: () => other.replace([a]), stop: () => {} });
		const events = other.watch({}, ctx);
		await events.next();
		other.resume([], ttlMs);
		expect(vi.getTimerCount()).toBe(1);
		cancel();
		expect(vi.getTimerCount()).toBe(0);
		other.resume([], ttlMs);
		expect(vi.getTimerCount()).toBe(0);
	});

	test("when the view is closed during a grace", () => {
		view.resume([], ttlMs);
		view.close();
		view.resume([], ttlMs);
		expect(vi.getTimerCount()).toBe(0);
	});
});

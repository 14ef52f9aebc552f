import { ServiceError } from "@allium/core";
import { whileLasts } from "@allium/core/transport";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Lifecycle } from "./lifecycle.ts";
import type { Part } from "./part.ts";

/** A process of parts that note their steps; the steps in `failing` fail. */
function lifeOf(parts: readonly string[], failing: readonly string[] = []) {
	const steps: string[] = [];
	const logged: string[] = [];
	const take = (step: string) => async (): Promise<void> => {
		steps.push(step);
		if (failing.includes(step)) throw new ServiceError({ code: "unavailable", message: `${step} failed` });
	};
	const lifecycle = new Lifecycle({
		name: "shop",
		logger: { log: (_, message) => logged.push(message) },
		parts: parts.map(
			(name): Part => ({
				name,
				start: take(`start ${name}`),
				drain: take(`drain ${name}`),
				stop: take(`stop ${name}`),
			}),
		),
	});
	return { lifecycle, steps, logged };
}

/** A process of one part, which waits until its context ends. */
function waitingLife() {
	const logged: string[] = [];
	const start: Part["start"] = (ctx) => whileLasts(new Promise<void>(() => {}), ctx);
	const lifecycle = new Lifecycle({
		name: "shop",
		logger: { log: (_, message) => logged.push(message) },
		parts: [{ name: "the broker", start }],
	});
	return { lifecycle, logged };
}

afterEach(() => {
	vi.useRealTimers();
});

describe("a lifecycle", () => {
	test("starts its parts in order, then drains and stops them in the reverse order", async () => {
		const { lifecycle, steps } = lifeOf(["registry", "port"]);
		await lifecycle.start();
		expect(steps).toEqual(["start registry", "start port"]);
		await lifecycle.stop();
		expect(steps.slice(2)).toEqual(["drain port", "drain registry", "stop port", "stop registry"]);
	});

	test("takes each step once, however often it is told to", async () => {
		const { lifecycle, steps } = lifeOf(["port"]);
		await Promise.all([lifecycle.start(), lifecycle.start()]);
		await Promise.all([lifecycle.stop(), lifecycle.stop()]);
		expect(steps).toEqual(["start port", "drain port", "stop port"]);
	});

	test("gives up all parts when one cannot start, and starts none after it", async () => {
		const { lifecycle, steps } = lifeOf(["registry", "port", "registration"], ["start port"]);
		await expect(lifecycle.start()).rejects.toMatchObject({ message: "start port failed" });
		expect(steps).not.toContain("start registration");
		expect(steps.slice(2)).toEqual([
			"drain registration",
			"drain port",
			"drain registry",
			"stop registration",
			"stop port",
			"stop registry",
		]);
	});

	test("gives up the parts once, when it is stopped after its start failed", async () => {
		const { lifecycle, steps } = lifeOf(["port"], ["start port"]);
		await expect(lifecycle.start()).rejects.toThrow();
		await lifecycle.stop();
		expect(steps).toEqual(["start port", "drain port", "stop port"]);
	});

	test("logs a step of stopping that fails, and takes the next ones", async () => {
		const { lifecycle, steps, logged } = lifeOf(["the registry", "the port"], ["drain the port"]);
		await lifecycle.start();
		await lifecycle.stop();
		expect(logged).toEqual(["could not drain the port in order"]);
		expect(steps.at(-1)).toBe("stop the registry");
	});

	test("finishes a start that is under way before it stops", async () => {
		const { lifecycle, steps } = lifeOf(["registry", "port"]);
		const starting = lifecycle.start();
		await lifecycle.stop();
		await starting;
		expect(steps.slice(0, 2)).toEqual(["start registry", "start port"]);
	});

	test("does not start after it was stopped", async () => {
		const { lifecycle, steps } = lifeOf(["port"]);
		await lifecycle.stop();
		await expect(lifecycle.start()).rejects.toMatchObject({
			code: "failed_precondition",
			reason: "stopped",
		});
		expect(steps).toEqual(["drain port", "stop port"]);
	});

	test("runs until it is stopped", async () => {
		const { lifecycle, steps } = lifeOf(["port"]);
		const running = lifecycle.run();
		await lifecycle.start();
		await lifecycle.stop();
		await running;
		expect(steps).toEqual(["start port", "drain port", "stop port"]);
	});

	test("gives up a part that does not begin within a minute, and says which", async () => {
		vi.useFakeTimers();
		const { lifecycle, logged } = waitingLife();
		const starting = expect(lifecycle.start()).rejects.toMatchObject({
			code: "deadline_exceeded",
			message: "the broker did not begin within 60 seconds",
		});
		await vi.advanceTimersByTimeAsync(5_000);
		expect(logged).toEqual(["shop waits for the broker"]);
		await vi.advanceTimersByTimeAsync(55_000);
		await starting;
	});

	test("ends what a start waits for when it is stopped", async () => {
		const { lifecycle } = waitingLife();
		const starting = expect(lifecycle.start()).rejects.toMatchObject({
			code: "canceled",
			reason: "stopped",
			message: "shop was stopped while it started",
		});
		await lifecycle.stop();
		await starting;
	});

	test("runs to an end in order when a signal arrives while it starts", async () => {
		const { lifecycle, logged } = waitingLife();
		const running = lifecycle.run();
		process.emit("SIGTERM", "SIGTERM");
		await running;
		expect(logged).toEqual(["shop is stopping", "shop has stopped"]);
		expect(process.exitCode).toBeUndefined();
	});
});

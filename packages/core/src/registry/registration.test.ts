import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Context } from "../context/context.ts";
import { ServiceError } from "../errors/service-error.ts";
import type { Logger } from "../logger/logger.ts";
import type { Instance } from "./instance.ts";
import { memoryRegistry } from "./memory-registry.ts";
import { keepRegistered } from "./registration.ts";
import type { Lease, Registry } from "./registry.ts";

const ttlMs = 3_000;
const a: Instance = {
	id: "a",
	app: "add",
	namespace: "test",
	addresses: ["allium://127.0.0.1:1"],
	services: [],
	labels: {},
	weight: 1,
	status: "up",
	startedAt: "2026-01-01T00:00:00.000Z",
};

/** A memory registry whose backend can be made to fail, hang or lose leases. */
class Backend implements Registry {
	readonly #inner = memoryRegistry({ ttlMs });
	state: "answers" | "fails" | "hangs" = "answers";
	registrations = 0;
	readonly attempts: number[] = [];
	lose = (): void => {};

	async register(instance: Instance, ctx: Context): Promise<Lease> {
		await this.#pass();
		this.registrations += 1;
		const lease = await this.#inner.register(instance, ctx);
		const lost = new AbortController();
		this.lose = () => lost.abort();
		return {
			ttlMs,
			lost: lost.signal,
			update: async (changed) => {
				await this.#pass();
				await lease.update(changed);
			},
			release: async () => {
				await this.#pass();
				await lease.release();
			},
		};
	}

	async #pass(): Promise<void> {
		this.attempts.push(performance.now());
		if (this.state === "hangs") await new Promise(() => {});
		if (this.state === "fails") throw new ServiceError({ code: "unavailable" });
	}

	list: Registry["list"] = (...of) => this.#inner.list(...of);
	watch: Registry["watch"] = (...of) => this.#inner.watch(...of);
	close: Registry["close"] = () => this.#inner.close();
}

function setup() {
	const backend = new Backend();
	const lines: string[] = [];
	const logger: Logger = { log: (level, message) => void lines.push(`${level}: ${message}`) };
	return { backend, lines, keep: () => keepRegistered(backend, a, { logger }) };
}

describe("keepRegistered", () => {
	beforeEach(() => {
		vi.useFakeTimers();
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	test("rejects when the first registration fails, and leaves nothing behind", async () => {
		const { backend, keep } = setup();
		backend.state = "fails";
		await expect(keep()).rejects.toMatchObject({ code: "unavailable" });
		expect(vi.getTimerCount()).toBe(0);
	});

	test("does not begin when its context has ended", async () => {
		const { backend } = setup();
		const { ctx, cancel } = Context.background().withCancel();
		cancel();
		const kept = keepRegistered(backend, a, { logger: { log() {} }, ctx });
		await expect(kept).rejects.toMatchObject({ code: "canceled" });
	});

	test("renews about three times within the time to live", async () => {
		const { backend, keep } = setup();
		await keep();
		await vi.advanceTimersByTimeAsync(10 * ttlMs);
		expect(await backend.list()).toEqual([a]);
		expect(backend.registrations).toBe(1);
		expect(backend.attempts.length).toBeGreaterThanOrEqual(30);
		expect(backend.attempts.length).toBeLessThanOrEqual(39);
	});

	test("sends a change at once and keeps it in every renewal", async () => {
		const { backend, keep } = setup();
		const registration = await keep();
		await registration.update({ status: "draining", labels: { tier: "gold" } });
		const changed = { ...a, status: "draining", labels: { tier: "gold" } };
		expect(registration.instance).toEqual(changed);
		expect(await backend.list()).toEqual([changed]);
		await vi.advanceTimersByTimeAsync(2 * ttlMs);
		expect(await backend.list()).toEqual([changed]);
	});

	test("retries through an outage with growing pauses, and says so once", async () => {
		const { backend, lines, keep } = setup();
		await keep();
		backend.state = "fails";
		await vi.advanceTimersByTimeAsync(10 * ttlMs);
		const pauses = backend.attempts.slice(1).map((at, index) => at - (backend.attempts[index] ?? 0));
		expect(Math.max(...pauses.slice(2))).toBeGreaterThan(200);
		expect(Math.max(...pauses)).toBeLessThanOrEqual(ttlMs / 3 + 1);
		expect(lines).toEqual(["warn: the registry does not answer; trying on"]);
		expect(await backend.list()).toEqual([]);

		backend.state = "answers";
		await vi.advanceTimersByTimeAsync(ttlMs / 3 + 1);
		expect(await backend.list()).toEqual([a]);
		expect(lines.slice(1)).toEqual(["info: the registry answers again; the instance is registered"]);
	});

	test("a change that the registry did not take rejects, and arrives after the outage", async () => {
		const { backend, keep } = setup();
		const registration = await keep();
		backend.state = "fails";
		await expect(registration.update({ weight: 5 })).rejects.toMatchObject({ code: "unavailable" });
		backend.state = "answers";
		await vi.advanceTimersByTimeAsync(ttlMs / 3);
		expect(await backend.list()).toEqual([{ ...a, weight: 5 }]);
	});

	test("gives up on an answer that never comes, and tries on", async () => {
		const { backend, lines, keep } = setup();
		await keep();
		backend.state = "hangs";
		await vi.advanceTimersByTimeAsync(2 * ttlMs);
		expect(lines).toHaveLength(1);
		backend.state = "answers";
		await vi.advanceTimersByTimeAsync(2 * ttlMs);
		expect(await backend.list()).toEqual([a]);
	});

	test("registers again when the lease is lost", async () => {
		const { backend, lines, keep } = setup();
		await keep();
		backend.lose();
		await vi.advanceTimersByTimeAsync(101);
		expect(backend.registrations).toBe(2);
		expect(lines).toEqual([
			"warn: the registry lost the lease; the instance registers again",
			"info: the registry answers again; the instance is registered",
		]);
		await vi.advanceTimersByTimeAsync(3 * ttlMs);
		expect(backend.registrations).toBe(2);
		expect(await backend.list()).toEqual([a]);
	});

	test("release removes the instance and leaves no timer", async () => {
		const { backend, keep } = setup();
		const registration = await keep();
		await Promise.all([registration.release(), registration.release()]);
		expect(await backend.list()).toEqual([]);
		expect(vi.getTimerCount()).toBe(0);
		await expect(registration.update({ weight: 2 })).rejects.toMatchObject({ code: "failed_precondition" });
		expect(await backend.list()).toEqual([]);
	});

	test("release waits for a heartbeat in flight, no longer than the time to live", async () => {
		const { backend, lines, keep } = setup();
		const registration = await keep();
		backend.state = "hangs";
		await vi.advanceTimersByTimeAsync(ttlMs / 3);
		let released = false;
		const release = registration.release().then(() => {
			released = true;
		});
		await vi.advanceTimersByTimeAsync(ttlMs / 2);
		expect(released).toBe(false);
		await vi.advanceTimersByTimeAsync(2 * ttlMs);
		await release;
		expect(lines.at(-1)).toContain("could not deregister");
		expect(vi.getTimerCount()).toBe(0);
	});

	test("a lease that is lost after release is not registered again", async () => {
		const { backend, keep } = setup();
		const registration = await keep();
		await registration.release();
		backend.lose();
		await vi.advanceTimersByTimeAsync(ttlMs);
		expect(backend.registrations).toBe(1);
		expect(vi.getTimerCount()).toBe(0);
	});
});

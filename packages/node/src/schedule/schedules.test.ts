import { Context, type Logger, ServiceError } from "@allium/core";
import type { Consumer } from "@allium/core/event";
import { logBroker, MemoryTopics, memoryGroupState, memoryLog } from "@allium/core/log-broker";
import { memoryEventStore } from "@allium/core/memory-store";
import type { EventStore } from "@allium/core/store";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TickHandler } from "./schedule.ts";
import { Schedules } from "./schedules.ts";
import type { Timing } from "./timing.ts";

const ctx = Context.background();
const minute = 60_000;

/** A machine on which instances of an app come and go. Time is virtual. */
class Machine {
	readonly topics = new MemoryTopics();
	readonly state = memoryGroupState();
	readonly store: EventStore = memoryEventStore({ topics: this.topics });
	readonly consumers = new Set<Consumer>();
	readonly lines: string[] = [];
	readonly logger: Logger = { log: (_level, message) => void this.lines.push(message) };

	/** An instance that has begun, and runs nothing. */
	async begin(schedules: Record<string, [Timing, TickHandler]>): Promise<Schedules> {
		const own = new Schedules({ name: "test", store: this.store, logger: this.logger });
		for (const [name, [timing, handler]] of Object.entries(schedules)) own.add(name, timing, handler);
		await own.begin(ctx);
		return own;
	}

	async start(schedules: Record<string, [Timing, TickHandler]>): Promise<Consumer> {
		const own = await this.begin(schedules);
		const broker = logBroker(memoryLog({ topics: this.topics }), this.state, { ttlMs: 1_000 });
		const { consumer } = await own.subscription().begin(broker, ctx);
		this.consumers.add(consumer);
		return consumer;
	}

	/** Ends an instance. After `close`, the events that it had in hand are handled again. */
	async end(consumer: Consumer, how: "drain" | "close" = "drain"): Promise<void> {
		this.consumers.delete(consumer);
		const ended = how === "drain" ? consumer.drain(ctx) : consumer.close();
		await vi.advanceTimersByTimeAsync(2_000);
		await ended;
	}
}

let machine: Machine;
beforeEach(() => {
	vi.useFakeTimers({ now: Date.parse("2026-01-10T00:30:00Z") });
	machine = new Machine();
});
afterEach(async () => {
	for (const consumer of machine.consumers) await machine.end(consumer, "close");
	vi.useRealTimers();
});

describe("a schedule", () => {
	test("runs once at each time, with that time, however many instances there are and whichever ends", async () => {
		const ran: string[] = [];
		const often: Record<string, [Timing, TickHandler]> = {
			often: [{ ms: 10_000 }, ({ at }) => void ran.push(at.toISOString())],
		};
		const instances = await Promise.all([1, 2, 3, 4, 5].map(() => machine.start(often)));
		for (let n = 0; n < 30; n++) {
			await vi.advanceTimersByTimeAsync(95_000);
			const oldest = instances.shift();
			if (oldest !== undefined) await machine.end(oldest, n % 2 === 0 ? "close" : "drain");
			instances.push(await machine.start(often));
		}
		const first = Date.parse("2026-01-10T00:30:10Z");
		const expected = ran.map((_, n) => new Date(first + n * 10_000).toISOString());
		expect(ran.length).toBeGreaterThan(280);
		expect(ran).toEqual(expected);
	});

	test("does not overlap with itself: a run that takes longer holds up the next", async () => {
		let running = 0;
		let most = 0;
		let runs = 0;
		const slow = async () => {
			most = Math.max(most, ++running);
			await new Promise((resolve) => setTimeout(resolve, 3_500));
			running--;
			runs++;
		};
		await machine.start({ slow: [{ ms: 1_000 }, slow] });
		await vi.advanceTimersByTimeAsync(20_000);
		expect(most).toBe(1);
		expect(runs).toBeGreaterThan(3);
	});

	test("that fails is tried again; the next time comes all the same, and others know nothing of it", async () => {
		const ran: string[] = [];
		await machine.start({
			bad: [
				{ cron: "* * * * *" },
				({ at }) => {
					ran.push(`bad ${at.getUTCMinutes()}`);
					throw new ServiceError({ code: "invalid_argument" });
				},
			],
			good: [{ cron: "* * * * *" }, ({ at }) => void ran.push(`good ${at.getUTCMinutes()}`)],
		});
		await vi.advanceTimersByTimeAsync(3 * minute);
		expect(ran.sort()).toEqual(["bad 31", "bad 32", "bad 33", "good 31", "good 32", "good 33"]);
	});

	test("that takes too long is ended by its timeout", async () => {
		const ended: string[] = [];
		const hang: TickHandler = (_, ctx) =>
			new Promise((_, reject) => {
				ctx.signal.addEventListener("abort", () => {
					ended.push(ctx.error?.code ?? "");
					reject(ctx.error);
				});
			});
		await machine.start({ hang: [{ cron: "* * * * *", timeoutMs: 5_000 }, hang] });
		await vi.advanceTimersByTimeAsync(minute + 10_000);
		expect(ended[0]).toBe("deadline_exceeded");
	});

	test.each([
		["once", ["2026-01-10T00:31:00.000Z", "2026-01-10T00:36:00.000Z"]],
		["skip", ["2026-01-10T00:36:00.000Z"]],
	] as const)("with missed: %s makes up for times when no instance ran", async (missed, expected) => {
		const ran: string[] = [];
		const minutely: Record<string, [Timing, TickHandler]> = {
			minutely: [{ cron: "* * * * *", missed }, ({ at }) => void ran.push(at.toISOString())],
		};
		await machine.end(await machine.start(minutely));
		await vi.advanceTimersByTimeAsync(5 * minute);
		await machine.start(minutely);
		await vi.advanceTimersByTimeAsync(minute);
		expect(ran).toEqual(expected);
	});

	test("keeps the next time that a process appends while another one that starts waits for the store", async () => {
		const ran: string[] = [];
		const often: Record<string, [Timing, TickHandler]> = {
			often: [{ ms: minute }, ({ at }) => void ran.push(at.toISOString().slice(11, 16))],
		};
		await machine.end(await machine.start(often));
		await vi.advanceTimersByTimeAsync(2 * minute - 10_000);
		const read = machine.store.read.bind(machine.store);
		vi.spyOn(machine.store, "read").mockImplementationOnce(async (...asked) => {
			// Meanwhile it is 00:32, and another process runs the time that was missed.
			await vi.advanceTimersByTimeAsync(15_000);
			await machine.start(often);
			await vi.advanceTimersByTimeAsync(5_000);
			return read(...asked);
		});
		await machine.begin(often);
		expect(machine.lines).toEqual([]);
		await vi.advanceTimersByTimeAsync(2 * minute);
		expect(ran).toEqual(["00:31", "00:33", "00:34"]);
	});

	test("whose times change runs at the new ones from its next start, also when they change back", async () => {
		const ran: string[] = [];
		const at = (cron: string): Record<string, [Timing, TickHandler]> => ({
			daily: [{ cron }, ({ at }) => void ran.push(at.toISOString().slice(8, 16))],
		});
		await machine.end(await machine.start(at("50 * * * *")));
		await machine.end(await machine.start(at("40 * * * *")));
		await machine.start(at("50 * * * *"));
		await vi.advanceTimersByTimeAsync(85 * minute);
		expect(ran).toEqual(["10T00:50", "10T01:50"]);
	});

	test.each<[Timing, readonly string[]]>([
		[{ cron: "*/7 * * * *", zone: "Europe/Vienna" }, ["00:35", "00:42", "00:49"]],
		[{ ms: 7 * minute }, ["00:32", "00:39", "00:46"]],
	])(
		"whose times change runs at the new ones also where an old process runs it: %o",
		async (timing, expected) => {
			const ran: string[] = [];
			const handler: TickHandler = ({ at }) => void ran.push(at.toISOString().slice(11, 16));
			await machine.start({ often: [{ cron: "34 * * * *" }, handler] });
			await machine.begin({ often: [timing, handler] });
			await vi.advanceTimersByTimeAsync(21 * minute);
			expect(ran).toEqual(expected);
		},
	);

	test("whose times change while none ran makes up for an old time, and goes on at the new ones", async () => {
		const ran: string[] = [];
		const handler: TickHandler = ({ at }) => void ran.push(at.toISOString().slice(11, 16));
		await machine.end(await machine.start({ often: [{ cron: "32 * * * *" }, handler] }));
		await vi.advanceTimersByTimeAsync(5 * minute);
		await machine.start({ often: [{ cron: "*/10 * * * *" }, handler] });
		await vi.advanceTimersByTimeAsync(15 * minute);
		expect(ran).toEqual(["00:32", "00:40", "00:50"]);
	});

	describe("when the clock jumps", () => {
		const year = 365 * 24 * 60 * minute;
		/** The minutes that it ran at. */
		let ran: number[];
		let minutely: Record<string, [Timing, TickHandler]>;
		beforeEach(() => {
			ran = [];
			minutely = { minutely: [{ cron: "* * * * *" }, ({ at }) => void ran.push(at.getUTCMinutes())] };
		});

		/** Sets the clock forward, and waits for everything that is due. */
		async function jump(ms: number): Promise<void> {
			vi.setSystemTime(Date.now() + ms);
			await vi.advanceTimersByTimeAsync(10_000);
		}

		test("ahead and back, goes on at its next time after a restart, says so, and runs none a second time", async () => {
			const first = await machine.start(minutely);
			await jump(year);
			await jump(-year);
			expect(ran).toEqual([31]);
			await machine.end(first);
			await machine.start(minutely);
			expect(machine.lines).toEqual([expect.stringContaining("the clock was ahead")]);
			await vi.advanceTimersByTimeAsync(3 * minute);
			expect(ran).toEqual([31, 32, 33]);
		});

		test("back, runs no time a second time, and goes on when the clock is there again", async () => {
			const first = await machine.start(minutely);
			await vi.advanceTimersByTimeAsync(minute);
			await jump(-2 * minute);
			expect(ran).toEqual([31]);
			await machine.end(first);
			await machine.start(minutely);
			await vi.advanceTimersByTimeAsync(4 * minute);
			expect(ran).toEqual([31, 30, 32, 33]);
		});
	});

	test.each([
		["a name that cannot be part of an event", "every night", {}, "may have only"],
		["what to do with missed times that there is not", "a", { missed: "all" }, '"once" or "skip"'],
		["a timeout that is none", "a", { timeoutMs: -1 }, "timeoutMs of the schedule"],
	])("is refused when it is declared with %s", (_, name, options, message) => {
		const own = new Schedules({ name: "test", store: machine.store, logger: machine.logger });
		expect(() => own.add(name, { ms: 1_000, ...options } as Timing, () => {})).toThrow(message);
	});
});

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Context } from "@allium/core";
import type { Broker, BrokerTopic, Consumer, EventRecord, GroupSpec } from "@allium/core/event";
import { describeServer } from "@allium/testing/servers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RunningPostgres } from "./fixtures/running-postgres.ts";
import { broker } from "./postgres-broker.ts";

const background = Context.background();
const patient = { timeout: 120_000, interval: 20 };

function event(id: string): EventRecord {
	const time = new Date().toISOString();
	return {
		id,
		type: "matches.started",
		version: 1,
		source: "test",
		key: "a",
		time,
		data: {},
		correlationId: id,
	};
}

/** The whole server goes back to a base copy of its data, while the processes that use it go on. */
describeServer("postgres", (file) => {
	let server: RunningPostgres;
	let events: Broker;
	let topic: BrokerTopic;

	beforeEach(async () => {
		server = await RunningPostgres.start(file);
	});
	afterEach(async () => {
		await events.close();
		await server[Symbol.asyncDispose]();
	});

	/** A group of a process that stays. Returns what it has handled, in order. */
	async function consume(change: Partial<GroupSpec>): Promise<{ handled: string[]; consumer: Consumer }> {
		const handled: string[] = [];
		const spec: GroupSpec = {
			topic: "matches",
			group: "rewards",
			from: "now",
			handles: { started: 1 },
			concurrency: 16,
			bytes: 1e6,
			each: false,
			park: "key",
			...change,
		};
		const deliver = async ({ event }: { readonly event: EventRecord }) => {
			handled.push(event.id);
			return { do: "done" } as const;
		};
		return { handled, consumer: await events.consume(spec, deliver, background) };
	}

	async function open(ttlMs: number): Promise<void> {
		events = await broker(server.newUrl(), { ttlMs });
		topic = await events.open("matches", { lanes: 1 }, background);
	}

	/** Publishes until the server takes it. */
	async function publish(...ids: readonly string[]): Promise<void> {
		await vi.waitFor(() => topic.publish(ids.map(event), background), patient);
	}

	const data = (): string => join(server.server.folder, "data");
	const copy = (): string => join(server.server.folder, "copy");

	async function takeCopy(): Promise<void> {
		await server.kill();
		execFileSync("cp", ["-a", data(), copy()]);
		await server.server.restart();
	}

	async function restore(): Promise<void> {
		await server.kill();
		rmSync(data(), { recursive: true });
		execFileSync("mv", [copy(), data()]);
		await server.server.restart();
	}

	/**
	 * A member that lost its lanes meanwhile goes on at the place that the group has in the copy. A member that kept them
	 * has a place that the log does not know, and says so.
	 */
	async function expectOutcome(handled: readonly string[], consumer: Consumer): Promise<void> {
		await vi.waitFor(async () => {
			const { trouble = "" } = await consumer.report(background);
			if (handled.includes("new 2")) return;
			expect(trouble).toMatch(/diverged: the log has another event .*\(allium groups rewind\)/);
		}, patient);
		if (handled.includes("new 2")) expect(handled.slice(-2)).toEqual(["new 1", "new 2"]);
		else expect(handled).not.toContain("new 1");
	}

	test.each([1_000, 60_000])(
		"a group goes back with its log, and passes no new event over: a time to live of %i ms",
		async (ttlMs) => {
			await open(ttlMs);
			const { handled, consumer } = await consume({});
			await publish("1", "2");
			await vi.waitFor(async () => expect((await consumer.report(background)).lag).toBe(0), patient);
			await takeCopy();
			await publish("3", "4", "5");
			await vi.waitFor(() => expect(handled).toContain("5"), patient);
			await restore();
			await publish("new 1", "new 2");
			await expectOutcome(handled, consumer);
		},
	);

	test("a group that only its process knows stops as diverged, and says what to do", async () => {
		await open(1_000);
		const { handled, consumer } = await consume({ group: "screens", each: true });
		await publish("1");
		await vi.waitFor(() => expect(handled).toEqual(["1"]), patient);
		await takeCopy();
		await publish("2", "3");
		await vi.waitFor(() => expect(handled).toContain("3"), patient);
		await restore();
		await publish("new 1", "new 2", "new 3");
		await vi.waitFor(
			async () =>
				expect((await consumer.report(background)).trouble).toMatch(
					/diverged: the log has another event .*; start the process again, and it goes on from now/,
				),
			patient,
		);
		// Events that were in hand while the server was away may have been handled twice.
		expect([...new Set(handled)]).toEqual(["1", "2", "3"]);
	});
});

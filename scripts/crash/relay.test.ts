import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timesFrom } from "@allium/testing";
import { type RelayCrashReport, relayCrashCycles } from "@allium/testing/crash";
import {
	describeServer,
	natsServer,
	postgresServer,
	rabbitServer,
	startServer,
} from "@allium/testing/servers";
import { afterEach, beforeEach, expect, test } from "vitest";

/** A few in CI; `ALLIUM_CRASH_CYCLES` and `npm run crash -- relay` ask for more. */
const cycles = timesFrom("ALLIUM_CRASH_CYCLES", 6);

/** How many events may be forwarded again after a process ended: those that it had not saved yet, and those in hand. */
const window = 300;

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-relay-"));
});
afterEach(() => rm(folder, { recursive: true }));

const module = (name: string) => import.meta.resolve(`@allium/${name}`);

function expectWhole({
	lost,
	outOfOrder,
	kills,
	suspensions,
	restarts,
	acknowledged,
}: RelayCrashReport): void {
	expect({ lost, outOfOrder }).toEqual({ lost: [], outOfOrder: [] });
	expect(kills + suspensions + restarts).toBe(cycles);
	expect(acknowledged).toBeGreaterThan(0);
}

describeServer("nats-2.15", (file) => {
	test("from SQLite to NATS nothing is lost, doubled or reordered while relays and the broker are killed", async () => {
		await using server = await startServer(natsServer({ file }));
		const report = await relayCrashCycles({
			store: { module: module("sqlite"), url: `sqlite:${folder}` },
			broker: { module: module("nats"), url: `nats://127.0.0.1:${server.port}` },
			outage: server,
			cycles,
		});
		expectWhole(report);
		expect(report.doubles).toBe(0);
	}, 300_000);
});

describeServer("rabbitmq", (rabbit) => {
	describeServer("postgres", (postgres) => {
		test("from PostgreSQL to RabbitMQ nothing is lost or reordered while relays and the broker are killed", async () => {
			await using store = await startServer(postgresServer({ file: postgres }));
			await using server = await startServer(rabbitServer({ file: rabbit }));
			const report = await relayCrashCycles({
				store: { module: module("postgres"), url: `postgres://postgres@127.0.0.1:${store.port}/postgres` },
				broker: { module: module("amqp"), url: `amqp://guest:guest@127.0.0.1:${server.port}` },
				outage: server,
				cycles,
			});
			expectWhole(report);
			// RabbitMQ finds no repeats.
			expect(report.dedupeMs).toBe(0);
			expect(report.doubles).toBeLessThanOrEqual(cycles * window);
		}, 300_000);
	});
});

test("a crash run of a relay finds out a broker that acknowledges what it has not", async () => {
	const { lost } = await relayCrashCycles({
		store: { module: module("sqlite"), url: `sqlite:${folder}` },
		broker: {
			module: import.meta.resolve("./fixtures/early-broker.ts"),
			url: `sqlite:${join(folder, "broker")}`,
		},
		cycles: 6,
	});
	expect(lost).not.toEqual([]);
}, 180_000);

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context, silentLogger } from "allium";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LastEventsFile } from "./last-events-file.ts";

const ctx = Context.background();
const alert = { drone_id: "d1", fault_code: 12, description: "all the things are failing" };
const told = (uptime: number) => ({ drone_id: "d1", battery: 72, uptime, core_temp: 21, received_on: 0 });
let folder: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-drones-"));
});

afterEach(() => rm(folder, { recursive: true }));

function opened(): Promise<LastEventsFile> {
	return LastEventsFile.open(join(folder, "last-events.db"), silentLogger, ctx);
}

describe("the last events", () => {
	test("are neither counted nor kept when they come again, or after a later one of the drone", async () => {
		using lastEvents = await opened();
		await lastEvents.keep("telemetry", told(1), "a", ctx);
		await lastEvents.keep("alert", { ...alert, received_on: 0 }, "c", ctx);
		await lastEvents.keep("telemetry", told(2), "b", ctx);
		await lastEvents.keep("alert", { ...alert, received_on: 1 }, "c", ctx);
		expect(lastEvents.last("telemetry", "d1")).toEqual(told(1));
		expect(lastEvents.last("alert", "d1")).toMatchObject({ received_on: 0 });
		expect(lastEvents.count("d1")).toBe(2);
	});

	test("of one drone are no others'", async () => {
		using lastEvents = await opened();
		await lastEvents.keep("telemetry", told(1), "b", ctx);
		await lastEvents.keep("telemetry", { ...told(2), drone_id: "d2" }, "a", ctx);
		expect(lastEvents.last("telemetry", "d1")).toEqual(told(1));
		expect(lastEvents.last("telemetry", "d2")).toMatchObject({ uptime: 2 });
		expect(lastEvents.last("position", "d2")).toBe(undefined);
	});

	test("of two processes are the later ones", async () => {
		using one = await opened();
		using other = await opened();
		await one.keep("telemetry", told(2), "b", ctx);
		await other.keep("telemetry", told(1), "a", ctx);
		expect([one.last("telemetry", "d1"), other.last("telemetry", "d1")]).toEqual([told(2), told(2)]);
	});
});

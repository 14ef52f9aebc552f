import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { Context, silentLogger } from "allium";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LastEventsFile } from "./last-events-file.ts";

let folder: string;
const processes: ServiceProcess[] = [];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-drones-"));
});

afterEach(async () => {
	await Promise.all(processes.splice(0).map((each) => each[Symbol.asyncDispose]()));
	await rm(folder, { recursive: true, force: true });
});

async function start(service: string): Promise<ServiceProcess> {
	const started = ServiceProcess.run(new URL(`services/${service}/main.ts`, import.meta.url).pathname, {
		env: { ALLIUM_URL: `sqlite://${folder}`, DRONES_FOLDER: folder, PORT: "" },
	});
	processes.push(started);
	await started.says(/ is ready /);
	return started;
}

function send(url: string, path: string, body: unknown): Promise<Response> {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	const headers = { "content-type": "application/json" };
	return fetch(`${url}/api/cmds/${path}`, { method: "POST", headers, body: text });
}

async function last(url: string, drone: string, kind: string): Promise<unknown> {
	const response = await fetch(`${url}/drones/${drone}/last${kind}`);
	return response.ok ? response.json() : response.status;
}

const telemetry = { drone_id: "drone666", battery: 72, uptime: 6941, core_temp: 21 };
const alert = { drone_id: "drone666", fault_code: 12, description: "all the things are failing" };
const position = {
	drone_id: "drone666",
	latitude: 81.231,
	longitude: 43.1231,
	altitude: 2301.1,
	current_speed: 41.3,
	heading_cardinal: 1,
};

describe("the command handler", () => {
	test.each([
		["telemetry", telemetry],
		["alerts", alert],
		["positions", position],
	])("answers a command for %s with the event and when it was received", async (path, command) => {
		const { url } = await start("drone-cmds");
		const before = Date.now() * 1_000_000;
		const response = await send(url, path, command);
		const event = (await response.json()) as { received_on: number };
		expect([response.status, event]).toEqual([201, { ...command, received_on: event.received_on }]);
		expect(event.received_on).toBeGreaterThanOrEqual(before);
	});

	test("refuses what it cannot use in the words of the book", async () => {
		const { url } = await start("drone-cmds");
		const answers = [
			["telemetry", "{", "Failed to parse add telemetry command."],
			["alerts", "{", "Failed to parse add alert command."],
			["positions", "{", "Failed to parse add position command."],
			["telemetry", { ...telemetry, uptime: 0 }, "Invalid telemetry command."],
			["telemetry", { ...telemetry, drone_id: "" }, "Invalid telemetry command."],
			["alerts", { ...alert, description: "" }, "Invalid alert command."],
			["positions", { ...position, heading_cardinal: -1 }, "Invalid position command."],
		] as const;
		for (const [path, body, text] of answers) {
			const response = await send(url, path, body);
			expect([response.status, await response.text()]).toEqual([400, text]);
		}
	});
});

describe("command handler, broker, event processor and query handler", () => {
	test("show the last event of each kind, and still do after they were all started again", async () => {
		const services = ["drone-cmds", "drone-events", "drone-query"];
		const first = await Promise.all(services.map(start));
		const [cmds = "", , query = ""] = first.map(({ url }) => url);
		expect(await last(query, "drone666", "Telemetry")).toBe(404);

		await send(cmds, "telemetry", telemetry);
		await send(cmds, "telemetry", { ...telemetry, uptime: 6942 });
		await send(cmds, "alerts", alert);
		await send(cmds, "positions", position);

		// The last of them comes last, because the events of a drone keep their order.
		await expect.poll(() => last(query, "drone666", "Position")).toMatchObject(position);
		expect(await last(query, "drone666", "Telemetry")).toMatchObject({ ...telemetry, uptime: 6942 });
		expect(await last(query, "drone666", "Alert")).toMatchObject(alert);
		expect(await last(query, "drone667", "Alert")).toBe(404);

		for (const each of first) each.signal("SIGTERM");
		expect(await Promise.all(first.map((each) => each.ended()))).toEqual([0, 0, 0]);
		const [again, , asked] = await Promise.all(services.map(start));
		expect(await last(asked?.url ?? "", "drone666", "Telemetry")).toMatchObject({ uptime: 6942 });
		await send(again?.url ?? "", "telemetry", { ...telemetry, uptime: 1 });
		await expect.poll(() => last(asked?.url ?? "", "drone666", "Telemetry")).toMatchObject({ uptime: 1 });
	});

	test("lose nothing and keep the order of each drone when processors are killed under load", async () => {
		const { url: cmds } = await start("drone-cmds");
		const { url: query } = await start("drone-query");
		const processors = await Promise.all([start("drone-events"), start("drone-events")]);
		using lastEvents = await opened();
		const drones = Array.from({ length: 12 }, (_, index) => `d${index}`);
		const rounds = 30;
		const total = (): number => drones.reduce((sum, drone) => sum + lastEvents.count(drone), 0);

		const load = Promise.all(
			drones.map(async (drone_id) => {
				for (let round = 1; round <= rounds; round++) {
					const answers = [
						await send(cmds, "telemetry", { ...telemetry, drone_id, uptime: round }),
						await send(cmds, "alerts", { ...alert, drone_id, fault_code: round }),
						await send(cmds, "positions", { ...position, drone_id, altitude: round }),
					];
					expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
				}
			}),
		);
		await expect.poll(total).toBeGreaterThan(100);
		processors[0].signal("SIGKILL");
		expect(await processors[0].ended()).toBe(null);
		await start("drone-events");
		await load;

		// An event that comes after a later one of its drone is not kept. So these are all, in order, and each once.
		await expect.poll(total).toBe(drones.length * rounds * 3);
		expect(drones.map((drone) => lastEvents.count(drone))).toEqual(drones.map(() => rounds * 3));
		for (const drone of drones) {
			expect(await last(query, drone, "Telemetry")).toMatchObject({ uptime: rounds });
			expect(await last(query, drone, "Alert")).toMatchObject({ fault_code: rounds });
			expect(await last(query, drone, "Position")).toMatchObject({ altitude: rounds });
		}
	});
});

function opened(): Promise<LastEventsFile> {
	return LastEventsFile.open(join(folder, "last-events.db"), silentLogger, Context.background());
}

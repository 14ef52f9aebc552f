import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import {
	describeServer,
	natsServer,
	rabbitServer,
	type ServerProcess,
	startServer,
} from "@allium/testing/servers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Booking } from "./services/bookings/contract.ts";
import type { MyEvent } from "./services/events/contract.ts";

/** The brokers with servers: how to start each, and its URL. */
const brokers = [
	{ name: "nats-2.15", server: natsServer, url: (port: number) => `nats://127.0.0.1:${port}` },
	{ name: "rabbitmq", server: rabbitServer, url: (port: number) => `amqp://127.0.0.1:${port}` },
] as const;

/** Names the broker. Empty for SQLite, which is the default. */
let broker: NodeJS.ProcessEnv = {};
let folder: string;
const processes: ServiceProcess[] = [];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-myevents-"));
});

afterEach(async () => {
	await Promise.all(processes.splice(0).map((each) => each[Symbol.asyncDispose]()));
	await rm(folder, { recursive: true, force: true });
});

/** Runs one of the programs. Resolves when it is ready. */
async function start(program: string, env: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
	const started = run(program, env);
	await started.says(/ is ready /);
	return started;
}

/** Runs one of the programs to its end: the exit code, and what it printed. */
async function ended(
	program: string,
	env: NodeJS.ProcessEnv,
): Promise<[code: number | null, output: string]> {
	const process = run(program, env);
	return [await process.ended(), process.output];
}

function run(program: string, env: NodeJS.ProcessEnv): ServiceProcess {
	const started = ServiceProcess.run(new URL(program, import.meta.url).pathname, {
		env: {
			ALLIUM_URL: `sqlite://${folder}`,
			ALLIUM_NAMESPACE: basename(folder).toLowerCase(),
			MYEVENTS_FOLDER: join(folder, "myevents"),
			PORT: "",
			...broker,
			...env,
		},
	});
	processes.push(started);
	return started;
}

const startEvents = (): Promise<ServiceProcess> => start("services/events/main.ts");
const startBookings = (): Promise<ServiceProcess> => start("services/bookings/main.ts");

async function post<T extends object>(url: string, path: string, body: object): Promise<T> {
	const headers = { "content-type": "application/json" };
	const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
	expect(response.status).toBe(201);
	return response.json() as Promise<T>;
}

async function read<T>(url: string, path: string): Promise<T | number> {
	const response = await fetch(`${url}${path}`);
	return response.ok ? (response.json() as Promise<T>) : response.status;
}

const opera = {
	name: "opera aida",
	startdate: 768346784,
	enddate: 768353984,
	duration: 120,
	location: {
		id: "3",
		name: "West Street Opera House",
		address: "11 west street, AZ 73646",
		country: "U.S.A",
		opentime: 7,
		closetime: 20,
		halls: [{ name: "Cesar hall", location: "second floor, room 2210", capacity: 10 }],
	},
};

/** Does the steps of the book with both services. */
async function walkThrough(eventsUrl: string, bookingsUrl: string): Promise<void> {
	const created = await post<MyEvent>(eventsUrl, "/events", opera);
	expect(created).toEqual({ ...opera, id: created.id, booked: 0 });
	expect(await read(eventsUrl, "/events")).toEqual([created]);
	expect(await read(eventsUrl, "/events/name/opera%20aida")).toEqual(created);
	expect(await read(eventsUrl, `/events/id/${created.id}`)).toEqual(created);
	expect(await read(eventsUrl, "/events/id/4")).toBe(404);
	expect(await read(eventsUrl, "/events/country/4")).toBe(400);

	// The bookings service has its own copy, which the broker brings.
	const place = `/events/${created.id}/bookings`;
	await expect
		.poll(() => bookedOrNot(bookingsUrl, place, { userId: "ann", seats: 2 }))
		.toMatchObject({
			event: { id: created.id, name: "opera aida" },
			location: { name: "West Street Opera House", address: "11 west street, AZ 73646" },
			seats: 2,
		});
	const bookings = await read<Booking[]>(bookingsUrl, place);
	expect(bookings).toMatchObject([{ eventId: created.id, userId: "ann", seats: 2 }]);

	// And the events service learns of the booking.
	await expect.poll(() => read(eventsUrl, `/events/id/${created.id}`)).toEqual({ ...created, booked: 2 });
}

/** Undefined where the event is not known. */
async function bookedOrNot(url: string, place: string, body: object): Promise<unknown> {
	const headers = { "content-type": "application/json" };
	const response = await fetch(`${url}${place}`, { method: "POST", headers, body: JSON.stringify(body) });
	const reply = await response.json();
	return response.status === 404 ? undefined : reply;
}

function specify(): void {
	test("does what the book does", async () => {
		const [events, bookings] = await Promise.all([startEvents(), startBookings()]);
		await walkThrough(events.url, bookings.url);
	});

	test("books events that were created while the bookings service was away, and while the events service is", async () => {
		const [events, bookings] = await Promise.all([startEvents(), startBookings()]);
		bookings.signal("SIGTERM");
		await bookings.ended();
		const { id } = await post<MyEvent>(events.url, "/events", opera);
		events.signal("SIGTERM");
		await events.ended();

		const { url } = await startBookings();
		const place = `/events/${id}/bookings`;
		await expect.poll(() => bookedOrNot(url, place, {})).toMatchObject({ seats: 1, event: { id } });
	});

	test("loses nothing when processes are killed under load", async () => {
		const [events, ...bookings] = await Promise.all([startEvents(), startBookings(), startBookings()]);
		const url = bookings[1].url;
		const ids: string[] = [];
		const create = async (): Promise<void> => {
			while (ids.length < 60) {
				ids.push(
					(await post<MyEvent>(events.url, "/events", { ...opera, location: locationOf(ids.length) })).id,
				);
				if (ids.length === 20) bookings[0].signal("SIGKILL");
			}
		};
		await Promise.all([create(), create(), create()]);
		expect(await bookings[0].ended()).toBe(null);

		for (const id of ids) {
			await expect.poll(() => bookedOrNot(url, `/events/${id}/bookings`, { seats: 3 })).toBeDefined();
		}
		const seats = async () => {
			const all = await read<MyEvent[]>(events.url, "/events");
			return typeof all === "number" ? all : all.map(({ booked }) => booked);
		};
		await expect.poll(seats).toEqual(ids.map(() => 3));
	});
}

/** A location of its own for every third event. */
function locationOf(index: number) {
	return { ...opera.location, id: `${index % 3}` };
}

describe("on SQLite", () => specify());

for (const { name, server, url } of brokers) {
	describeServer(name, (file) => {
		let running: ServerProcess;

		beforeAll(async () => {
			running = await startServer(server({ file }));
			broker = { ALLIUM_BROKER: url(running.port) };
		});
		afterAll(async () => {
			broker = {};
			await running.close();
		});

		specify();
	});
}

describe("the monolith", () => {
	test("does the same in one process, at one address", async () => {
		const { url } = await start("together.ts");
		await walkThrough(url, url);
	});

	test("refuses a part that there is not in one sentence", async () => {
		const refused = await ended("together.ts", { MYEVENTS_PARTS: "events,mails" });
		expect(refused).toEqual([1, 'MYEVENTS_PARTS names "mails"; it takes some of events,bookings\n']);
	});

	test("and its parts are the same system: what one began, the others go on with", async () => {
		const whole = await start("together.ts");
		const { id } = await post<MyEvent>(whole.url, "/events", opera);
		whole.signal("SIGTERM");
		expect(await whole.ended()).toBe(0);

		const events = await start("together.ts", { MYEVENTS_PARTS: "events" });
		const bookings = await start("together.ts", { MYEVENTS_PARTS: "bookings" });
		expect(await read(bookings.url, "/events")).toBe(404);
		const place = `/events/${id}/bookings`;
		await expect.poll(() => bookedOrNot(bookings.url, place, {})).toMatchObject({ event: { id } });
		await expect.poll(() => read(events.url, `/events/id/${id}`)).toMatchObject({ booked: 1 });
	});
});

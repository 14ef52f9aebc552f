import { ServiceProcess } from "@allium/testing/process";
import { describeServer, postgresServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { deployLab, stop } from "./fixtures/deploy-lab.ts";

const program = new URL("../fixtures/deployed.ts", import.meta.url).pathname;

/** Where processes of either version keep what they have. */
let env: Record<string, string>;
const lab = deployLab();

async function deploy(version: 1 | 2): Promise<ServiceProcess> {
	const process = ServiceProcess.run(program, { env, args: [String(version)] });
	lab.keep(process);
	await process.says(/ is ready /);
	return process;
}

/** Calls a method of a certain process. */
async function call(process: ServiceProcess, method: string, id: string): Promise<unknown> {
	const response = await fetch(`${process.url}/orders/${method}`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ id }),
	});
	const answer = await response.json();
	expect(response.status, JSON.stringify(answer)).toBe(200);
	return answer;
}

/** Waits until the view that a process reads tells something of an order. */
function shows(process: ServiceProcess, id: string, order: object): Promise<unknown> {
	return expect.poll(() => call(process, "show", id)).toMatchObject({ shown: order });
}

const byOld = { state: "delivered", steps: ["packed", "sent by 1"] };
const byNew = { state: "delivered", steps: ["wrapped", "sent by 2"] };

/** @param url of a fresh backend. */
function deploys(url: () => string): void {
	beforeEach(() => {
		const backend = url();
		env = {
			ALLIUM_REGISTRY: `sqlite:${lab.folder}`,
			ALLIUM_BROKER: backend,
			ALLIUM_EVENTS: backend,
			ALLIUM_VIEWS: backend,
		};
	});

	test("builds the new view beside the old one, which its processes read on, and a roll-back goes on with it", async () => {
		const old = await deploy(1);
		await call(old, "place", "before");
		await shows(old, "before", { version: 1, state: "placed" });
		const young = await deploy(2);
		await shows(young, "before", { version: 2, state: "placed" });
		await call(young, "place", "beside");
		await shows(old, "beside", { version: 1, state: "placed" });
		await shows(young, "beside", { version: 2, state: "placed" });
		await stop(old);
		await call(young, "place", "without");
		await shows(young, "without", { version: 2, state: "placed" });
		await stop(young);
		const again = await deploy(1);
		for (const id of ["before", "beside", "without"]) await shows(again, id, { version: 1, state: "placed" });
		await call(again, "place", "behind");
		await shows(again, "behind", { version: 1, state: "placed" });
	});

	test("ends runs in the code in which they began, through a deploy and a roll-back", async () => {
		const old = await deploy(1);
		await call(old, "place", "of-old");
		await call(old, "place", "of-old-too");
		await shows(old, "of-old-too", { state: "placed" });
		const young = await deploy(2);
		await call(old, "ship", "of-old");
		await shows(young, "of-old", byOld);
		await stop(old);
		await call(young, "place", "of-new");
		await call(young, "ship", "of-new");
		await shows(young, "of-new", byNew);
		await call(young, "ship", "of-old-too");
		await shows(young, "of-old-too", byOld);
		await call(young, "place", "waiting");
		await shows(young, "waiting", { state: "placed" });
		await stop(young);
		const rolledBack = await deploy(1);
		await call(rolledBack, "place", "rolled-back");
		await call(rolledBack, "ship", "rolled-back");
		await shows(rolledBack, "rolled-back", byOld);
		// The old code knows nothing of its run, and leaves it alone.
		await call(rolledBack, "ship", "waiting");
		await shows(rolledBack, "waiting", { state: "shipped" });
		const forwards = await deploy(2);
		await shows(forwards, "waiting", byNew);
	});
}

describe("a deploy of another version, with a backend in SQLite,", () =>
	deploys(() => `sqlite:${lab.folder}`));

describeServer("postgres", (file) => {
	let server: ServerProcess;
	let schemas = 0;
	beforeAll(async () => {
		server = await startServer(postgresServer({ file }));
	});
	afterAll(() => server.close());

	describe("a deploy of another version, with a backend in PostgreSQL,", () =>
		deploys(() => `postgres://postgres@127.0.0.1:${server.port}/postgres?schema=deploy${++schemas}`));
});

import { ServiceProcess } from "@allium/testing/process";
import { describeServer, postgresServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployLab } from "./fixtures/deploy-lab.ts";

const fixture = (name: string): string => new URL(`../fixtures/${name}`, import.meta.url).pathname;
/** More keys than lanes, so that each process has some of them. */
const orders = Array.from({ length: 40 }, (_, index) => `order-${index}`);

const lab = deployLab();

async function deploy(version: 1 | 2, broker: string, env: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
	const process = await ServiceProcess.start(fixture("mailing.ts"), {
		env: { ALLIUM_REGISTRY: `sqlite:${lab.folder}`, ALLIUM_BROKER: broker, ...env },
		args: [String(version)],
	});
	return lab.keep(process);
}

async function call(
	process: ServiceProcess,
	method: string,
	input: object = {},
): Promise<{ ids?: string[] }> {
	const response = await fetch(`${process.url}/orders/${method}`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(input),
	});
	expect(response.status).toBe(200);
	return (await response.json()) as { ids?: string[] };
}

/** The orders for which processes have handled an event. */
async function mailed(processes: readonly ServiceProcess[], what: string): Promise<ReadonlySet<string>> {
	const answers = await Promise.all(processes.map((each) => call(each, "mailed")));
	const found = answers.flatMap(({ ids = [] }) => ids).filter((text) => text.startsWith(what));
	return new Set(found.map((text) => text.slice(what.length + 1)));
}

/**
 * Deploys a version that handles one event more beside the old one, and publishes that event for each order, and
 * behind it one that both handle. Returns the orders for which nobody handled the new event.
 */
async function deployed(broker: string, envOfOld?: NodeJS.ProcessEnv): Promise<readonly string[]> {
	const old = await deploy(1, broker, envOfOld);
	for (const id of orders) await call(old, "place", { id });
	await expect.poll(() => mailed([old], "placed")).toEqual(new Set(orders));
	const young = await deploy(2, broker);
	for (const id of orders) await call(young, "ship", { id });
	for (const id of orders) await call(young, "close", { id });
	// The events of an order are handled in order: once this one is, the one before it was handled, or passed over.
	await expect.poll(() => mailed([old, young], "closed")).toEqual(new Set(orders));
	const shipped = await mailed([young], "shipped");
	return orders.filter((id) => !shipped.has(id));
}

test("an old member that passes over what it does not know is found out", async () => {
	const env = {
		NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import ${fixture("forgetful-member.ts")}`,
	};
	expect((await deployed(`sqlite:${lab.folder}`, env)).length).toBeGreaterThan(0);
});

describe("a deploy of a version that handles one event more passes over none of them", () => {
	test("in SQLite", async () => {
		expect(await deployed(`sqlite:${lab.folder}`)).toEqual([]);
	});

	describeServer("postgres", (file) => {
		let server: ServerProcess;
		beforeAll(async () => {
			server = await startServer(postgresServer({ file }));
		});
		afterAll(() => server.close());

		test("in PostgreSQL", async () => {
			expect(await deployed(`postgres://postgres@127.0.0.1:${server.port}/postgres`)).toEqual([]);
		});
	});
});

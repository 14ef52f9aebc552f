import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Context } from "@allium/core";
import { openBroker } from "@allium/node";
import { ServiceProcess } from "@allium/testing/process";
import { describeServer, postgresServer, type ServerProcess, startServer } from "@allium/testing/servers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployLab, stop } from "./fixtures/deploy-lab.ts";

const program = new URL("../fixtures/winners.ts", import.meta.url).pathname;
/** More keys than lanes, so that each process has some of them. */
const matches = Array.from({ length: 40 }, (_, index) => `match-${index}`);

const lab = deployLab();

/** Version 1 or 2 of the service on one broker, which tells what its processes have handled. */
class Deploy {
	readonly #broker: string;
	readonly #file = join(lab.folder, "handled");

	constructor(broker: string) {
		this.#broker = broker;
	}

	start(version: 1 | 2): Promise<ServiceProcess> {
		return this.#start([String(version), this.#file]);
	}

	/** A process that publishes, and handles nothing. */
	startPublisher(version: 1 | 2): Promise<ServiceProcess> {
		return this.#start([String(version)]);
	}

	async #start(args: readonly string[]): Promise<ServiceProcess> {
		const env = { ALLIUM_REGISTRY: `sqlite:${lab.folder}`, ALLIUM_BROKER: this.#broker };
		return lab.keep(await ServiceProcess.start(program, { env, args }));
	}

	/** Waits until the winners of each match were handled, and expects them in order. Repetitions do not count. */
	async handles(...winners: readonly string[]): Promise<void> {
		const all = matches.flatMap((id) => winners.map((winner) => `${id} ${winner}`));
		await expect.poll(() => new Set(this.#lines().map(told))).toEqual(new Set(all));
		const first = [...new Set(this.#lines().map(told))];
		for (const id of matches) {
			const ofMatch = first.filter((line) => line.startsWith(`${id} `));
			expect(ofMatch).toEqual(winners.map((winner) => `${id} ${winner}`));
		}
	}

	/** The versions of the processes that handled a winner. */
	handlersOf(winner: string): ReadonlySet<string> {
		const lines = this.#lines().filter((line) => line.includes(` ${winner} `));
		return new Set(lines.map((line) => line.split(" ")[2] ?? ""));
	}

	async parked(): Promise<readonly object[]> {
		const broker = await openBroker(this.#broker);
		try {
			const parking = broker.parking({ topic: "matches", group: "rewards" });
			return (await parking.list({ limit: 100 }, Context.background())).items;
		} finally {
			await broker.close();
		}
	}

	#lines(): readonly string[] {
		return existsSync(this.#file) ? readFileSync(this.#file, "utf8").split("\n").slice(0, -1) : [];
	}
}

/** A line without the version of the process that handled the event. */
function told(line: string): string {
	return line.split(" ").slice(0, 2).join(" ");
}

/** Publishes an event of each match. */
async function end(process: ServiceProcess, winner: string): Promise<void> {
	for (const id of matches) {
		const response = await fetch(`${process.url}/matches/end`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ id, winner }),
		});
		expect(response.status).toBe(200);
	}
}

/** Declares the tests of a broker. */
function tests(broker: () => string): void {
	test("old and new processes, which both publish, handle what they know, in order", async () => {
		const deploy = new Deploy(broker());
		const old = await deploy.start(1);
		await end(old, "ada");
		await deploy.handles("ada");
		const young = await deploy.start(2);
		await end(young, "bob");
		await end(old, "cleo");
		await end(young, "dan");
		await deploy.handles("ada", "bob", "cleo", "dan");
		expect(deploy.handlersOf("bob")).toEqual(new Set(["2"]));
		expect(await deploy.parked()).toEqual([]);
		await end(young, "eve");
		await stop(old);
		await end(young, "flo");
		await deploy.handles("ada", "bob", "cleo", "dan", "eve", "flo");
		expect(await deploy.parked()).toEqual([]);
	});

	test("events that are published before a process knows them wait, and need not wait for the old ones to end", async () => {
		const deploy = new Deploy(broker());
		const old = await deploy.start(1);
		await end(await deploy.startPublisher(2), "ada");
		await end(old, "bob");
		await deploy.start(2);
		await deploy.handles("ada", "bob");
		expect(deploy.handlersOf("ada")).toEqual(new Set(["2"]));
		expect(await deploy.parked()).toEqual([]);
	});

	test("an old process that starts again during the deploy takes nothing that only new ones know", async () => {
		const deploy = new Deploy(broker());
		const old = await deploy.start(1);
		const young = await deploy.start(2);
		await stop(old);
		await deploy.start(1);
		await end(young, "ada");
		await deploy.handles("ada");
		expect(await deploy.parked()).toEqual([]);
	});
}

describe("a deploy of a version with a new version of an event", () => {
	describe("in SQLite", () => tests(() => `sqlite:${lab.folder}`));

	describeServer("postgres", (file) => {
		let server: ServerProcess;
		let count = 0;
		beforeAll(async () => {
			server = await startServer(postgresServer({ file }));
		});
		afterAll(() => server.close());

		describe("in PostgreSQL", () =>
			tests(() => `postgres://postgres@127.0.0.1:${server.port}/postgres?schema=test${count++}`));
	});
});

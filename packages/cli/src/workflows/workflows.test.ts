import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context, contract, event, memoryRegistry, ServiceError } from "@allium/core";
import type { EventRecord } from "@allium/core/event";
import { replayed, workflow } from "@allium/events";
import { type App, createApp } from "@allium/node";
import { eventStore } from "@allium/sqlite";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as z from "zod";
import { allium, type Result } from "../fixtures/processes.ts";

const Orders = contract("orders", {
	placed: event({ key: "id", data: z.object({ id: z.string() }) }),
	paid: event({ key: "id", data: z.object({ id: z.string() }) }),
});

let hasPaper = false;
async function print(_: object): Promise<void> {
	if (!hasPaper) throw new ServiceError({ code: "permission_denied", message: "no paper for you" });
}

const order = workflow(
	"order",
	Orders.placed,
	async ({ id }, run) => {
		if (id === "jam") await run.call(print, {});
		try {
			await run.receive(Orders.paid);
		} finally {
			await run.step("tidy up", () => {});
		}
	},
	{ receives: [Orders.paid] },
);

let folder: string;
let app: App;
const env = (): Record<string, string> => ({ ALLIUM_URL: `sqlite:${folder}` });
const run = (...args: string[]): Promise<Result> => allium(["workflows", ...args], env());
const until = { timeout: 30_000, interval: 50 };

async function listed(key: string): Promise<{ status: string; waits: object[]; parked?: object }> {
	const all: { key: string; status: string; waits: object[] }[] = JSON.parse(
		(await run("list", "order", "--json")).stdout,
	);
	const found = all.find((each) => each.key === key);
	if (found === undefined) throw new Error(`there is no run ${key} yet`);
	return found;
}

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "allium-workflows-"));
	app = createApp({
		name: "orders",
		registry: memoryRegistry(),
		adapters: { sqlite: () => import("@allium/sqlite") },
		env: { ...env(), NODE_ENV: "production" },
		publishes: [Orders],
		drainDelayMs: 0,
		logger: { log() {} },
	});
	app.orchestrate(order);
	await app.start();
});

afterAll(async () => {
	await app?.stop();
	rmSync(folder, { recursive: true, force: true });
});

async function placed(id: string, status: string): Promise<void> {
	await app.publish(Orders.placed({ id }));
	await vi.waitFor(async () => expect((await listed(id)).status).toBe(status), until);
}

describe("workflows", () => {
	test("says so where no run is", async () => {
		const empty = mkdtempSync(join(tmpdir(), "allium-workflows-none-"));
		const { code, stdout } = await allium(["workflows"], { ALLIUM_URL: `sqlite:${empty}` });
		rmSync(empty, { recursive: true });
		expect([code, stdout]).toEqual([0, expect.stringMatching(/^There is no run of a workflow in sqlite:/)]);
	});

	test("list and show tell what a run waits for", async () => {
		await placed("o1", "waiting");
		expect((await run()).stdout).toMatch(
			/WORKFLOW +KEY +STATUS +CHANGED +WAITS FOR\n(.*\n)*order +o1 +waiting +\d+s ago +"orders\.paid" waits for the event orders\.paid/,
		);
		expect((await run("show", "order", "o1")).stdout).toMatch(
			/^o1 of order: waiting; version 1\n {2}"orders\.paid" waits for the event orders\.paid\n\nVERSION.*\n1 .*started .*orders\.placed \{"id":"o1"\}\n2 .*expecting +orders\.paid/,
		);
	});

	test("cancel ends a run by what its workflow does then, and asks before", async () => {
		await placed("o2", "waiting");
		expect(await run("cancel", "order", "o2")).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("The run o2 of order, which is waiting, would be cancelled."),
		});
		const { stdout } = await run("cancel", "order", "o2", "--yes", "--reason", "they left");
		expect(stdout).toMatch(/^The run o2 of order is cancelled\./);
		await vi.waitFor(async () => expect((await listed("o2")).status).toBe("cancelled"), until);
		expect((await run("show", "order", "o2")).stdout).toMatch(
			/cancelled +they left\n.*settled +tidy up\n.*ended/,
		);
		expect(await run("cancel", "order", "o2", "--yes")).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("The run o2 of order was cancelled and has ended."),
		});
	});

	test("resume lets a parked run go on at the step where it stands", async () => {
		await placed("jam", "parked");
		expect((await run("list", "order", "--status", "parked")).stdout).toMatch(
			/^order +jam +parked +\d+s ago +at "print": permission_denied: no paper for you$/m,
		);
		const { stdout } = await run("show", "order", "jam");
		expect(stdout).toContain('"allium workflows resume order jam" lets it go on');
		hasPaper = true;
		expect((await run("resume", "order", "jam")).stdout).toMatch(/^The run jam of order is resumed\./);
		await vi.waitFor(
			async () => expect((await listed("jam")).waits).toMatchObject([{ step: "orders.paid" }]),
			until,
		);
		expect(await run("resume", "order", "jam")).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("The run jam of order is not parked: it is waiting."),
		});
	});

	test("export prints a journal that replayed() reads", async () => {
		await placed("o3", "waiting");
		const { stdout } = await run("export", "order", "o3");
		expect(await replayed(order, JSON.parse(stdout))).toEqual({ status: "waiting", steps: ["orders.paid"] });
	});

	test("name what is there instead of a workflow, a run or a status that is not", async () => {
		await placed("o4", "waiting");
		expect(await run("show", "orders", "o4")).toMatchObject({
			code: 3,
			stderr: expect.stringMatching(/no workflow "orders" with runs.*Did you mean order\?/),
		});
		expect(await run("resume", "order", "o44")).toMatchObject({
			code: 3,
			stderr: expect.stringMatching(/has no run "o44".*Did you mean o4\?/),
		});
		expect(await run("list", "order", "--status", "stuck")).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("--status takes not started, going on, waiting, parked"),
		});
		expect((await run("list", "order", "--status", "not started")).stdout).toMatch(
			/^No run of the workflow order in .* is not started\./,
		);
	});

	test("list the others beside a run whose journal cannot be read, and say why", async () => {
		await placed("o5", "waiting");
		const store = await eventStore(`sqlite:${folder}`);
		const record: EventRecord = {
			id: "strange",
			type: "workflow.order.dreamt",
			version: 1,
			source: "somebody",
			key: "o6",
			time: new Date().toISOString(),
			data: {},
			correlationId: "strange",
		};
		const part = { stream: "workflow/order/o6", topic: "workflow.order", expected: "none" } as const;
		await store.append([{ ...part, events: [record] }], Context.background());
		await store.close();
		const { code, stdout } = await run();
		expect(code).toBe(0);
		expect(stdout).toMatch(/^order +o5 +waiting/m);
		expect(stdout).toMatch(
			/^order +o6 +unreadable +the event workflow\.order\.dreamt with the id strange is no entry/m,
		);
		expect(JSON.parse((await run("list", "--status", "unreadable", "--json")).stdout)).toEqual([
			{ workflow: "order", key: "o6", status: "unreadable", error: expect.stringContaining("is no entry") },
		]);
	});

	test("list page by page", async () => {
		await placed("o7", "waiting");
		await placed("o8", "waiting");
		const first = (await run("list", "order", "--limit", "1")).stdout;
		const [, place = ""] = /--after (\S+) goes on there/.exec(first) ?? [];
		const second: { key: string }[] = JSON.parse(
			(await run("list", "order", "--after", place, "--json")).stdout,
		);
		const all: { key: string }[] = JSON.parse((await run("list", "order", "--json")).stdout);
		expect(second.map(({ key }) => key)).toEqual(all.slice(1).map(({ key }) => key));
	});

	test("are completed: names of workflows, and keys", async () => {
		await placed("o5", "waiting");
		const completed = async (...words: string[]) =>
			(await allium(["complete", "--", "workflows", ...words], env())).stdout.trim().split("\n");
		expect(await completed("show", "o")).toEqual(["order"]);
		expect(await completed("show", "order", "o5")).toEqual(["o5"]);
	});
});

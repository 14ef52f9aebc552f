import { Context, type Instance, type Logger, ServiceError } from "@allium/core";
import { type InstanceRecord, type InstanceView, instanceRecord } from "@allium/core/registry";
import { expect, test } from "vitest";
import { ServerView } from "./server-view.ts";
import { ServiceViews } from "./service-views.ts";

const unavailable = new ServiceError({ code: "unavailable", message: "gone" });
const refused = new ServiceError({ code: "failed_precondition", message: "who are you?" });

function record(id: string): InstanceRecord {
	const instance: Instance = {
		id,
		app: "shop",
		namespace: "default",
		addresses: [],
		services: [{ name: "cart", version: "", hash: "" }],
		labels: {},
		weight: 1,
		status: "up",
		startedAt: "",
	};
	return instanceRecord(instance);
}

/** A watched view, its events and its log. */
function watched(ttlMs: number) {
	const log: string[] = [];
	const logger: Logger = { log: (level, message) => log.push(`${level} ${message}`) };
	let view: ServerView | undefined;
	let sources = 0;
	const views = new ServiceViews((filter, made: InstanceView) => {
		sources++;
		view = new ServerView(made, { name: "Consul", filter, ttlMs, logger });
		return { start: () => view?.start(), stop: () => log.push("stopped") };
	});
	const told: string[] = [];
	const consume = async (): Promise<void> => {
		for await (const event of views.watch({ service: "cart" }, Context.background())) {
			const instances = event.type === "snapshot" ? event.instances : [event.instance];
			told.push([event.type, ...instances.map(({ id }) => id)].join(" "));
		}
	};
	const ended = consume();
	ended.catch(() => {});
	if (view === undefined) throw new Error("nobody watches");
	return { view, views, told, log, ended, sources: () => sources };
}

test("what is known stays while the server is away, and for one time to live after", async () => {
	const { view, told, log } = watched(50);
	view.show([record("a"), record("b")]);
	view.failed(unavailable);
	view.failed(unavailable);
	view.show([record("b")]);
	expect(log).toEqual([
		"warn Consul does not answer; going on with what is known",
		"info Consul answers again",
	]);
	expect(told).not.toContain("down a");
	await expect.poll(() => told).toEqual(["snapshot a b", "down a"]);
});

test("without an outage, one that is missing is gone at once", async () => {
	const { view, told } = watched(60_000);
	view.show([record("a"), record("b")]);
	view.show([record("b")]);
	await expect.poll(() => told).toEqual(["snapshot a b", "down a"]);
});

test("a refusal ends the watches with its reason", async () => {
	const { view, ended, log } = watched(60_000);
	view.show([record("a")]);
	view.failed(refused);
	await expect(ended).rejects.toBe(refused);
	expect(log).toEqual(["stopped"]);
});

test("watchers of one filter share a source, and close ends them and those that come later", async () => {
	const { view, views, ended, sources } = watched(60_000);
	view.show([]);
	const other = views.watch({ service: "cart" }, Context.background())[Symbol.asyncIterator]();
	expect((await other.next()).value).toEqual({ type: "snapshot", instances: [] });
	expect(sources()).toBe(1);
	views.close();
	await ended;
	expect((await other.next()).done).toBe(true);
	const late = views.watch({ service: "stock" }, Context.background())[Symbol.asyncIterator]();
	expect((await late.next()).done).toBe(true);
});

import { Context, contract, event, ServiceError } from "@allium/core";
import { type Broker, Publisher, Subscription } from "@allium/core/event";
import { logBroker, MemoryTopics, memoryBroker, memoryGroupState, memoryLog } from "@allium/core/log-broker";
import { memoryEventStore } from "@allium/core/memory-store";
import type { EventStore } from "@allium/core/store";
import { afterEach, describe, expect, type Mock, test, vi } from "vitest";
import * as z from "zod";
import { Journal } from "./journal.ts";
import { journalContract, streamOf } from "./journal-contract.ts";
import { stateOf } from "./journal-state.ts";
import type { RunsGroup } from "./runs.ts";
import { type Workflow, workflow } from "./workflow.ts";

const Jobs = contract("jobs", {
	begun: event({ key: "id", data: z.object({ id: z.string() }) }),
	stopped: event({ key: "id", data: z.object({ id: z.string() }) }),
});
const Bills = contract("bills", {
	paid: event({ key: "job", data: z.object({ job: z.string(), amount: z.int() }) }),
});

const ctx = Context.background();
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

/** A machine: a store, a broker on the same topics, and processes that come and go. */
class Machine {
	readonly topics = new MemoryTopics();
	readonly state = memoryGroupState();
	readonly store: EventStore = memoryEventStore({ topics: this.topics });
	readonly publisher = new Publisher({ broker: memoryBroker({ topics: this.topics }), source: "test" });

	/** A process that works on the runs of a workflow. Returns a function that ends it. */
	async start(workflow: Workflow, name = "test"): Promise<() => Promise<void>> {
		const broker: Broker = logBroker(memoryLog({ topics: this.topics }), this.state, { ttlMs: 1_000 });
		const { publish } = this.publisher;
		const host = { store: this.store, name, publish, logger: { log() {} }, isCompared: true };
		const runs = workflow["~allium"].runs(host);
		const begin = ({ contract, handlers, options }: RunsGroup) =>
			new Subscription(contract, handlers, options).begin(broker, ctx);
		const begun = await Promise.all([...runs.triggers, runs.runs].map(begin));
		const end = async () => {
			runs.stop();
			await Promise.all(begun.map(({ consumer }) => consumer.drain(ctx.withTimeout(5_000))));
		};
		ends.push(end);
		return end;
	}

	async status(workflow: Workflow, key: string): Promise<string> {
		const { name } = workflow["~allium"];
		const stream = await streamOf(name, key);
		const facts = { workflow: name, key, stream, contract: journalContract(name, 1), source: "" };
		return stateOf((await Journal.load(facts, this.store, ctx)).entries).status;
	}
}

const until = { timeout: 20_000, interval: 20 };

describe("the runs of a workflow", () => {
	test("go on at the same time where their waits are over at the same time", async () => {
		// Given as many runs that sleep until one time as a process lets go on at once,
		const machine = new Machine();
		const count = 32;
		const wakeAt = Date.now() + 50;
		const { promise: allAwake, resolve } = Promise.withResolvers<void>();
		let awake = 0;
		const sleeper = workflow("sleeper", Jobs.begun, async (_, run) => {
			await run.sleep("until then", Math.max(0, wakeAt - run.now().getTime()));
			await run.step("wait for the others", () => {
				if (++awake === count) resolve();
				return allAwake;
			});
		});
		await machine.start(sleeper);

		// when that time comes,
		const ids = Array.from({ length: count }, (_, index) => `s${index}`);
		await machine.publisher.publish(
			ids.map((id) => Jobs.begun({ id })),
			ctx,
		);

		// then none waits until another is over.
		await vi.waitFor(() => expect(awake).toBe(count), until).finally(resolve);
		await vi.waitFor(async () => {
			const statuses = await Promise.all(ids.map((id) => machine.status(sleeper, id)));
			expect(new Set(statuses)).toEqual(new Set(["ended"]));
		}, until);
	});

	test("begin with their events, wait, receive from other contracts, and end", async () => {
		const machine = new Machine();
		const seen: unknown[] = [];
		const job = workflow(
			"job",
			Jobs.begun,
			async ({ id }, run) => {
				await run.sleep("moment", 20);
				const bill = await run.receive(Bills.paid, { withinMs: 60_000 });
				await run.publish(Jobs.stopped({ id }));
				await run.step("note", () => void seen.push([id, bill?.amount]));
			},
			{ receives: [Bills.paid] },
		);
		await machine.start(job);
		await machine.publisher.publish(Jobs.begun({ id: "j1" }));
		await machine.publisher.publish(Bills.paid({ job: "j1", amount: 7 }));
		await vi.waitFor(async () => expect(await machine.status(job, "j1")).toBe("ended"), until);
		expect(seen).toEqual([["j1", 7]]);
	});

	test("keep an event that came before the one that begins them", async () => {
		const machine = new Machine();
		const job = workflow("job", Jobs.begun, async (_, run) => void (await run.receive(Bills.paid)), {
			receives: [Bills.paid],
		});
		await machine.start(job);
		await machine.publisher.publish(Bills.paid({ job: "j1", amount: 7 }));
		const stream = await streamOf("job", "j1");
		await vi.waitFor(async () => expect((await machine.store.read(stream, {}, ctx)).version).toBe(1), until);
		await machine.publisher.publish(Jobs.begun({ id: "j1" }));
		await vi.waitFor(async () => expect(await machine.status(job, "j1")).toBe("ended"), until);
	});

	test("receive once an event that is delivered again after they have taken it and restarted", async () => {
		// Given a run without end that took an event and restarted,
		const machine = new Machine();
		const seen: number[] = [];
		const job = workflow(
			"job",
			Jobs.begun,
			async (data, run) => {
				const { amount } = await run.receive(Bills.paid);
				await run.step("note", () => void seen.push(amount));
				return run.restart(data);
			},
			{ receives: [Bills.paid] },
		);
		const stop = await machine.start(job);
		await machine.publisher.publish(Jobs.begun({ id: "j1" }));
		await machine.publisher.publish(Bills.paid({ job: "j1", amount: 7 }));
		await vi.waitFor(() => expect(seen).toEqual([7]), until);

		// when the process was killed before the group of the event noted that it had delivered it,
		await stop();
		const topic = await memoryLog({ topics: machine.topics }).open("bills", {}, ctx);
		await machine.state
			.group({ topic: "bills", group: "workflow.job" })
			.rewind(await topic.at("start", ctx), ctx);
		await machine.start(job);
		await machine.publisher.publish(Bills.paid({ job: "j1", amount: 8 }));

		// then the next event comes, and the first does not come again.
		await vi.waitFor(() => expect(seen).toEqual([7, 8]), until);
	});

	test("read their journal once, and ask nobody about entries that let no run go on", async () => {
		const machine = new Machine();
		const [read, snapshot] = [vi.spyOn(machine.store, "read"), vi.spyOn(machine.store, "snapshot")];
		const { group } = machine.state;
		const members: Mock[] = [];
		vi.spyOn(machine.state, "group").mockImplementation((id) => {
			const store = group.call(machine.state, id);
			if (id.topic === "workflow.job") members.push(vi.spyOn(store, "members"));
			return store;
		});
		const done: string[] = [];
		const job = workflow("job", Jobs.begun, async ({ id }, run) => {
			await run.step("first", () => {});
			await run.step("second", () => void done.push(id));
		});
		await machine.start(job);
		await machine.publisher.publish(Jobs.begun({ id: "j1" }));
		await vi.waitFor(() => expect(done).toEqual(["j1"]), until);
		expect([read.mock.calls.length, snapshot.mock.calls.length]).toEqual([1, 0]);
		await machine.publisher.publish(Jobs.begun({ id: "j2" }));
		await vi.waitFor(() => expect(done).toEqual(["j1", "j2"]), until);
		expect(members.map(({ mock }) => mock.calls)).toEqual([[]]);
	});

	test("are one for a key: a second event begins no other", async () => {
		const machine = new Machine();
		let begun = 0;
		const job = workflow(
			"job",
			Jobs.begun,
			async (_, run) => void (await run.step("count", () => void begun++)),
		);
		await machine.start(job);
		for (let n = 0; n < 3; n++) await machine.publisher.publish(Jobs.begun({ id: "j1" }));
		await machine.publisher.publish(Jobs.begun({ id: "j2" }));
		await vi.waitFor(async () => expect(await machine.status(job, "j2")).toBe("ended"), until);
		await vi.waitFor(async () => expect(await machine.status(job, "j1")).toBe("ended"), until);
		expect(begun).toBe(2);
	});

	test("go on in another process when theirs stops, in the middle of a wait and of a step in trouble", async () => {
		const machine = new Machine();
		let isUp = false;
		const done: string[] = [];
		const job = workflow("job", Jobs.begun, async ({ id }, run) => {
			await run.sleep("moment", 300);
			await run.step("call", () => {
				if (!isUp) throw new ServiceError({ code: "unavailable" });
				done.push(id);
			});
		});
		const stop = await machine.start(job, "one");
		await machine.publisher.publish(Jobs.begun({ id: "j1" }));
		await vi.waitFor(async () => expect(await machine.status(job, "j1")).toBe("waiting"), until);
		await stop();
		const stopSecond = await machine.start(job, "two");
		await vi.waitFor(async () => {
			const { events } = await machine.store.read(await streamOf("job", "j1"), {}, ctx);
			expect(JSON.stringify(events)).toContain("unavailable");
		}, until);
		await stopSecond();
		isUp = true;
		await machine.start(job, "three");
		await vi.waitFor(async () => expect(await machine.status(job, "j1")).toBe("ended"), until);
		expect(done).toEqual(["j1"]);
	});

	test("have keys of any text: long ones, and such as look like names of streams", async () => {
		const machine = new Machine();
		const job = workflow("job", Jobs.begun, async (_, run) => void (await run.step("one", () => 1)));
		await machine.start(job);
		const keys = [
			"a/b",
			"%_'\"",
			"__proto__",
			"\u{1F600}".repeat(200),
			"x".repeat(1_000),
			`${"x".repeat(999)}y`,
		];
		for (const id of keys) await machine.publisher.publish(Jobs.begun({ id }));
		for (const id of keys) {
			await vi.waitFor(async () => expect([id, await machine.status(job, id)]).toEqual([id, "ended"]), until);
		}
	});

	test("of two versions go to processes that know them", async () => {
		const machine = new Machine();
		const by: string[] = [];
		const code =
			(name: string) => async (_: unknown, run: { step(name: string, work: () => void): Promise<void> }) =>
				run.step("who", () => void by.push(name));
		const old = workflow("job", Jobs.begun, code("old") as never);
		const young = workflow("job", Jobs.begun, code("new") as never, {
			version: 2,
			versions: { 1: code("kept") as never },
		});
		await machine.start(old, "old");
		await machine.start(young, "new");
		for (let n = 0; n < 20; n++) await machine.publisher.publish(Jobs.begun({ id: `j${n}` }));
		for (let n = 0; n < 20; n++) {
			await vi.waitFor(async () => expect(await machine.status(young, `j${n}`)).toBe("ended"), until);
		}
		expect(by).toHaveLength(20);
		// A run that began with the new version was never given to the old code, nor the other way round.
		const { store } = machine;
		for (let n = 0; n < 20; n++) {
			const { events } = await store.read(await streamOf("job", `j${n}`), {}, ctx);
			expect(new Set(events.map(({ event }) => event.version)).size).toBe(1);
		}
	});
});

import {
	type Client,
	Context,
	contract,
	event,
	type Handlers,
	type Method,
	type Middleware,
	memoryOnceStore,
	method,
	once,
	type Service,
	ServiceError,
} from "@allium/core";
import { type Delivered, type EventRecord, Publisher, Subscription, type Verdict } from "@allium/core/event";
import { logBroker, memoryGroupState, memoryLog } from "@allium/core/log-broker";
import { expect, test, vi } from "vitest";
import * as z from "zod";
import { testClient } from "./test-client.ts";

const result = z.object({ match: z.string(), winners: z.array(z.string()) });
const prize = z.object({ player: z.string(), points: z.int() });

const Matches = contract("matches", { ended: event({ key: "match", data: result }) });
const Players = contract("players", {
	reward: method({ input: prize }),
	rewarded: event({ key: "player", data: prize }),
});
const Ledger = contract("ledger", {
	book: method({ input: prize }),
	booked: event({ key: "player", data: prize }),
});

const background = Context.background();

/** The calls and events that one run of the chain leaves behind. */
interface Trail {
	readonly verdict: Verdict["do"];
	/** Path and id of each call that arrived, sorted. */
	readonly calls: string[];
	/** Type, id and correlation id of each event that was published. */
	readonly events: Pick<EventRecord, "type" | "id" | "correlationId">[];
}

/** Three services: the handler of an event rewards players, and players book their prizes; both publish it. */
class Chain implements AsyncDisposable {
	readonly #calls: string[] = [];
	readonly #log = memoryLog();
	readonly #broker = logBroker(this.#log, memoryGroupState());
	readonly #publisher = new Publisher({ broker: this.#broker, source: "test" });
	readonly #ledger: Client<typeof Ledger>;
	readonly #players: Client<typeof Players>;
	/** Waits before the handler rewards a winner. */
	pause: (winner: string) => Promise<void> = async () => {};
	/** The prizes that were booked. */
	readonly booked: z.infer<typeof prize>[] = [];

	constructor(middleware: readonly Middleware[] = []) {
		const options = { serve: { middleware: [this.#seen, ...middleware] } };
		const { publish } = this.#publisher;
		const ledger: Service<typeof Ledger> = {
			book: async (input, ctx) => {
				this.booked.push(input);
				await publish(Ledger.booked(input), ctx);
				return {};
			},
		};
		this.#ledger = testClient(Ledger, ledger, options);
		const players: Service<typeof Players> = {
			reward: async (input, ctx) => {
				await this.#ledger.book(input, ctx);
				await publish(Players.rewarded(input), ctx);
				return {};
			},
		};
		this.#players = testClient(Players, players, options);
	}

	readonly #seen: Middleware = (next, { path }: Method) => {
		return (input, ctx) => {
			this.#calls.push(`${path} ${ctx.metadata.get("allium-call-id")}`);
			return next(input, ctx);
		};
	};

	readonly #handlers: Handlers<typeof Matches> = {
		ended: async ({ winners }, ctx) => {
			const reward = async (player: string) => {
				await this.pause(player);
				await this.#players.reward({ player, points: 3 }, ctx);
			};
			await Promise.all(winners.map(reward));
		},
	};

	/** Delivers the event to a group. Delivering it again is a redelivery. */
	async deliver(winners: readonly string[], { id = "event-1", group = "rewards" } = {}): Promise<Trail> {
		const before = this.#calls.length;
		const subscription = new Subscription(Matches, this.#handlers, { group });
		const verdict = await subscription.deliver(delivered(id, winners), background);
		return { verdict: verdict.do, calls: this.#calls.slice(before).sort(), events: await this.#events() };
	}

	/** All events in the log. */
	async #events(): Promise<Trail["events"]> {
		const topics = await Promise.all(
			["ledger", "players"].map(async (name) => {
				const topic = await this.#log.open(name, {}, background);
				const start = await topic.at("start", background);
				const { events } = await topic.read(start, { events: 100, bytes: 1_000_000 }, background);
				return events.map(({ event: { type, id, correlationId } }) => ({ type, id, correlationId }));
			}),
		);
		return topics.flat();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#players[Symbol.asyncDispose]();
		await this.#ledger[Symbol.asyncDispose]();
		await this.#broker.close();
	}
}

function delivered(id: string, winners: readonly string[]): Delivered {
	const record = {
		id,
		type: "matches.ended",
		version: 1,
		source: "test",
		key: "m1",
		time: new Date(0).toISOString(),
		data: { match: "m1", winners },
		correlationId: "order-1",
	};
	return { event: record, lane: 0, cursor: "1", bytes: 100, attempt: 1, epoch: 1, isReplay: false };
}

test("a redelivered event makes the same calls, and its events are in the log once", async () => {
	await using chain = new Chain();
	const first = await chain.deliver(["ann", "bob"]);
	const again = await chain.deliver(["ann", "bob"]);
	expect(first.calls).toHaveLength(4);
	expect(new Set(first.calls).size).toBe(4);
	expect(again).toEqual(first);
	expect(first.events).toHaveLength(4);
	expect(new Set(first.events.map(({ correlationId }) => correlationId))).toEqual(new Set(["order-1"]));
});

test("in which order a handler gets to its calls is of no matter", async () => {
	await using chain = new Chain();
	const first = await chain.deliver(["ann", "bob"]);
	chain.pause = async (winner) => {
		if (winner === "ann") await vi.waitFor(() => expect(chain.booked).toHaveLength(3));
	};
	expect(await chain.deliver(["ann", "bob"])).toEqual(first);
});

test("two equal calls of one handler are two, also when it runs again", async () => {
	await using chain = new Chain();
	const first = await chain.deliver(["ann", "ann"]);
	expect(new Set(first.calls).size).toBe(4);
	expect(first.events).toHaveLength(4);
	expect(await chain.deliver(["ann", "ann"])).toEqual(first);
});

test("another event, and another group, make other calls and other events", async () => {
	await using chain = new Chain();
	const { calls } = await chain.deliver(["ann"]);
	const other = await chain.deliver(["ann"], { id: "event-2" });
	const group = await chain.deliver(["ann"], { group: "statistics" });
	expect(new Set([...calls, ...other.calls, ...group.calls]).size).toBe(6);
	expect(group.events).toHaveLength(6);
});

test("with once(), the effects of a redelivered event happen once", async () => {
	await using chain = new Chain([once({ store: memoryOnceStore() })]);
	await chain.deliver(["ann", "bob"]);
	await chain.deliver(["ann", "bob"]);
	expect(chain.booked).toHaveLength(2);
});

test("with once(), a handler that failed between two effects goes on where it was", async () => {
	let failures = 1;
	const fails: Middleware =
		(next, { path }) =>
		async (input, ctx) => {
			const output = await next(input, ctx);
			if (path === "players/reward" && failures-- > 0) throw new ServiceError({ code: "unavailable" });
			return output;
		};
	await using chain = new Chain([once({ store: memoryOnceStore() }), fails]);
	expect(await chain.deliver(["ann"])).toMatchObject({ verdict: "retry" });
	const { verdict, events } = await chain.deliver(["ann"]);
	expect(verdict).toBe("done");
	expect(chain.booked).toHaveLength(1);
	expect(events).toHaveLength(2);
});

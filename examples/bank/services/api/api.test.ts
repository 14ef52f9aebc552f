import { Endpoints } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { listen } from "@allium/node";
import { testClient } from "@allium/testing";
import { isError, type Service } from "allium";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Balance } from "../balance/contract.ts";
import { CardApi } from "../card-api/contract.ts";
import { cardApi } from "../card-api/service.ts";
import { CardProcessing } from "../card-processing/contract.ts";
import { cards } from "../cards/service.ts";
import type { Feed } from "../feed/contract.ts";
import { Transfers } from "../transfers/contract.ts";
import { Api } from "./contract.ts";
import { apiRoutes } from "./routes.ts";
import { type ApiCallees, api } from "./service.ts";

/** Ann's account alone, with ten pounds. */
const balance: ApiCallees["balance"] = {
	async get({ account }) {
		if (account !== "ann") throw Balance.get.error.unknown_account();
		return { balance: 10_00 };
	},
	credit: async ({ amount }) => ({ balance: 10_00 + amount }),
};

/** Refuses payments of more than ten pounds. */
const processing: Service<typeof CardProcessing> = {
	async authorise({ id, card, amount, merchant }) {
		const { error } = CardProcessing.authorise;
		if (card !== "one") throw error.unknown_card();
		if (amount > 10_00) throw error.insufficient_funds({ available: 10_00 });
		return { id, account: "ann", amount, merchant, at: "2026-01-01T12:00:00Z" };
	},
};

/** One transfer, which is completed at once. */
const transfers: ApiCallees["transfers"] = {
	async request(order) {
		if (order.id !== "t-1") throw Transfers.request.error.id_reused();
		return { ...order, state: "requested" };
	},
	async get({ id }) {
		if (id !== "t-1") throw Transfers.get.error.unknown_transfer();
		return { id, from: "ann", to: "ben", amount: 5_00, state: "completed" };
	},
};

const item = { title: "", body: "", at: "2026-01-01T12:00:00Z" };

/** Two things happened on Bob's account, and nothing on others. */
const feed: Service<typeof Feed> = {
	list: async () => ({ items: [] }),
	async *follow({ account, after = 2 }) {
		for (const [index, id] of ["first", "second"].entries()) {
			if (account === "bob" && index + 1 > after) yield { id, account, position: index + 1, ...item };
		}
	},
};
const service = api({
	cardApi: cardApi({ cards: cards([{ card: "one", account: "ann", state: "active" }]), processing }),
	balance,
	feed,
	transfers,
});

describe("the bank over REST", () => {
	let listener: Listener;

	beforeEach(async () => {
		const endpoints = new Endpoints();
		endpoints.serve(Api, service, { routes: apiRoutes });
		listener = await listen(endpoints);
	});

	afterEach(() => listener.close());

	async function ask(verb: string, path: string, body?: object): Promise<[number, unknown]> {
		const response = await fetch(`${listener.addresses[0]}${path}`, {
			method: verb,
			...(body !== undefined && {
				headers: { "content-type": "application/json" },
				body: JSON.stringify(body),
			}),
		});
		return [response.status, await response.json()];
	}

	const payment = { id: "1", card: "one", amount: 4_20, merchant: "COFFEE" };

	test("a payment is created", async () => {
		expect(await ask("POST", "/payments", payment)).toEqual([
			201,
			expect.objectContaining({ account: "ann" }),
		]);
	});

	test.each([
		[402, "insufficient_funds", { ...payment, amount: 10_01 }],
		[404, "unknown_card", { ...payment, card: "two" }],
		[400, "invalid_input", { ...payment, amount: 0 }],
	])("%i %s", async (status, reason, body) => {
		expect(await ask("POST", "/payments", body)).toEqual([status, expect.objectContaining({ reason })]);
	});

	test("a card is frozen, and thawed", async () => {
		expect(await ask("POST", "/cards/one/freeze")).toMatchObject([200, { state: "frozen" }]);
		expect(await ask("POST", "/cards/one/unfreeze")).toMatchObject([200, { state: "active" }]);
	});

	test("an account is shown at a glance", async () => {
		expect(await ask("GET", "/accounts/ann")).toMatchObject([
			200,
			{ account: "ann", balance: 10_00, cards: [{ card: "one" }], latest: [] },
		]);
	});

	test.each(["/accounts/zed", "/accounts/zed/feed"])("GET %s finds no account", async (path) => {
		expect(await ask("GET", path)).toMatchObject([404, { reason: "unknown_account" }]);
	});

	test("a page that follows an account and connects again goes on after the last item that it has", async () => {
		const input = encodeURIComponent(JSON.stringify({ account: "bob", after: 0 }));
		const response = await fetch(`${listener.addresses[0]}/api/follow?input=${input}`, {
			headers: { accept: "text/event-stream", "last-event-id": "1" },
		});
		const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
		const { value } = (await reader?.read()) ?? {};
		expect(value).toContain("id: 2\n");
		expect(value).toContain('"id":"second"');
		expect(value).not.toContain('"id":"first"');
		await reader?.cancel();
	});

	test("money is put on an account", async () => {
		const topUp = { id: "t-1", amount: 5_00 };
		expect(await ask("POST", "/accounts/ann/top-ups", topUp)).toEqual([201, { balance: 15_00 }]);
	});

	test("a transfer is accepted, and found", async () => {
		const order = { id: "t-1", from: "ann", to: "ben", amount: 5_00 };
		expect(await ask("POST", "/transfers", order)).toEqual([202, { ...order, state: "requested" }]);
		expect(await ask("GET", "/transfers/t-1")).toEqual([200, { ...order, state: "completed" }]);
		expect(await ask("GET", "/transfers/t-2")).toMatchObject([404, { reason: "unknown_transfer" }]);
		const reused = await ask("POST", "/transfers", { ...order, id: "t-2" });
		expect(reused).toMatchObject([409, { reason: "id_reused" }]);
	});
});

test("typed clients get the data of a refusal, over two hops", async () => {
	await using hop = testClient(CardApi, cardApi({ cards: cards([]), processing }));
	await using client = testClient(Api, api({ cardApi: hop, balance, feed, transfers }));
	const payment = { id: "1", card: "one", amount: 10_01, merchant: "COFFEE" };
	const error = await client.pay(payment).catch((caught: unknown) => caught);
	expect(isError(error, Api.pay.error.insufficient_funds) && error.data.available).toBe(10_00);
});

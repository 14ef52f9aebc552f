import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ServiceProcess } from "@allium/testing/process";
import { type App, allium, type Client } from "allium";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Api } from "./services/api/contract.ts";
import { Apns } from "./services/apns/contract.ts";
import { Feed } from "./services/feed/contract.ts";
import { spent } from "./spent.ts";

const services = new URL("services/", import.meta.url).pathname;

/** The services with two instances: they keep no data themselves. */
const doubled = ["balance", "merchant"];

let folder: string;
let env: NodeJS.ProcessEnv;
let app: App;
let bank: Client<typeof Api>;
let url: string;
const processes = new Map<string, ServiceProcess[]>();

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-bank-"));
	env = { ALLIUM_URL: `sqlite://${folder}`, BANK_FOLDER: folder };
	await Promise.all((await readdir(services)).map(start));
	url = processes.get("api")?.[0]?.url ?? "";
	app = allium({ name: "shop", registry: `sqlite://${folder}`, logger: { log() {} } });
	await app.start();
	bank = app.client(Api);
});

afterAll(async () => {
	await app?.stop();
	await Promise.all([...processes.values()].flat().map((each) => each[Symbol.asyncDispose]()));
	await rm(folder, { recursive: true });
});

async function start(service: string): Promise<void> {
	const file = join(services, service, "main.ts");
	const count = doubled.includes(service) ? 2 : 1;
	const started = Array.from({ length: count }, () => ServiceProcess.run(file, { env }));
	// Recorded before they are ready, so that all are ended even if one does not get there.
	processes.set(service, started);
	await Promise.all(started.map((each) => each.says(/ is ready url=\S+ /)));
}

/** The output of all instances of a service. */
function output(service: string): string {
	return (processes.get(service) ?? []).map((each) => each.output).join("");
}

interface Payment {
	readonly id: string;
	readonly card: string;
	readonly amount: number;
	readonly merchant: string;
}

/** Pays as a shop would, over REST. */
function pay(payment: Payment, init: RequestInit = {}): Promise<Response> {
	return fetch(`${url}/payments`, {
		method: "POST",
		...init,
		headers: { "content-type": "application/json", ...init.headers },
		body: JSON.stringify(payment),
	});
}

const coffee = { card: "card-ann", amount: 4_20, merchant: "COFFEE AND CO LONDON" };

describe("a bank of many processes", () => {
	test("takes a payment at its edge, shows it in the feed at once to who paid, and pushes it to the phone", async () => {
		const push = (async () => {
			for await (const message of app.client(Apns).receive({ account: "ann", after: 0 })) return message;
			return undefined;
		})();

		const response = await pay({ id: "p-1", ...coffee });
		expect([response.status, await response.json()]).toMatchObject([201, { id: "p-1", account: "ann" }]);

		const shown = { title: "☕ Coffee & Co", body: "£4.20 · £95.80 left" };
		// The ledger is five services away, and so is the feed's knowledge of it.
		const headers = { "allium-position": response.headers.get("allium-position") ?? "" };
		const feed = await (await fetch(`${url}/accounts/ann/feed`, { headers })).json();
		expect(feed).toMatchObject({ items: [{ id: "p-1", ...shown }] });
		expect(await push).toMatchObject(shown);
		expect(await bank.account({ account: "ann" })).toMatchObject({ balance: 95_80, latest: [shown] });
	});

	test("says why not, through all of them", async () => {
		const refused = await pay({ id: "p-2", ...coffee, amount: 95_81 });
		expect([refused.status, await refused.json()]).toMatchObject([402, { reason: "insufficient_funds" }]);
		await bank.freeze({ card: "card-ann" });
		const frozen = await pay({ id: "p-3", ...coffee });
		expect([frozen.status, await frozen.json()]).toMatchObject([403, { reason: "card_frozen" }]);
		await bank.unfreeze({ card: "card-ann" });
	});

	test("writes down the actor and the action, without the cards", async () => {
		const read = (): Promise<string> => readFile(join(folder, "audit.jsonl"), "utf8");
		await expect.poll(read).toContain("api/unfreeze");
		const text = await read();
		const lines = text.trimEnd().split("\n");
		const entries = lines.map((line) => JSON.parse(line));
		expect(entries).toMatchObject([
			{ method: "api/pay", outcome: "ok", who: expect.stringContaining("127.0.0.1:") },
			{ method: "api/pay", outcome: "insufficient_funds" },
			{ method: "api/freeze", outcome: "ok", input: { card: "[redacted]" } },
			{ method: "api/pay", outcome: "card_frozen" },
			{ method: "api/unfreeze", outcome: "ok" },
		]);
		expect(text).not.toContain("card-ann");
	});

	describe("while somebody else holds the ledger", () => {
		let holder: DatabaseSync;

		beforeAll(() => {
			holder = new DatabaseSync(join(folder, "events.db"));
			holder.exec("BEGIN IMMEDIATE");
		});

		afterAll(() => holder.close());

		test("a deadline that is given at the edge ends the call at the ledger, five processes below", async () => {
			// On a busy machine, a short time passes before the call has reached the ledger, which gives up by itself after five seconds.
			const ended = async (ms: number): Promise<boolean> => {
				const headers = { "connect-timeout-ms": String(ms) };
				const response = await pay({ id: `p-4-${ms}`, ...coffee }, { headers });
				expect(response.status).toBe(504);
				return output("balance").includes(`asks for p-4-${ms}`);
			};
			let ms = 1_000;
			while (!(await ended(ms)) && ms < 4_000) ms *= 2;
			// The call ends by the service's own clock or by the cancellation of the caller, whichever comes first.
			const line = /balance\/debit code=(?:deadline_exceeded|canceled) .* remainingMs=(\d+)/;
			await expect.poll(() => output("balance")).toMatch(line);
			const remaining = Number(line.exec(output("balance"))?.[1]);
			expect(remaining).toBeGreaterThan(0);
			expect(remaining).toBeLessThan(ms);
		});

		test("a shop that hangs up ends it there, too", async () => {
			const count = (text: string) => output("balance").split(text).length;
			const [arrived, ends] = [count("asks for p-5"), count("balance/debit code=canceled")];
			const shop = new AbortController();
			const response = pay({ id: "p-5", ...coffee }, { signal: shop.signal });
			await expect.poll(() => count("asks for p-5"), { timeout: 5_000 }).toBeGreaterThan(arrived);
			shop.abort();
			await expect(response).rejects.toMatchObject({ name: "AbortError" });
			await expect.poll(() => count("balance/debit code=canceled"), { timeout: 5_000 }).toBeGreaterThan(ends);
		});
	});

	test("moves money from one account to another, and says what became of it", async () => {
		const order = { id: "t-1", from: "ann", to: "ben", amount: 1_00 };
		const transferred = (body: object): Promise<Response> =>
			fetch(`${url}/transfers`, {
				method: "POST",
				headers: { "content-type": "application/json" },
				body: JSON.stringify(body),
			});
		const stateOf = async (id: string): Promise<unknown> => (await fetch(`${url}/transfers/${id}`)).json();
		const response = await transferred(order);
		expect([response.status, await response.json()]).toEqual([202, { ...order, state: "requested" }]);
		await expect.poll(() => stateOf("t-1"), { timeout: 20_000 }).toEqual({ ...order, state: "completed" });
		await (await transferred({ ...order, id: "t-2", from: "ben", to: "ann" })).text();
		await expect.poll(() => stateOf("t-2"), { timeout: 20_000 }).toMatchObject({ state: "completed" });
		await (await transferred({ ...order, id: "t-3", to: "nobody" })).text();
		await expect
			.poll(() => stateOf("t-3"), { timeout: 20_000 })
			.toMatchObject({ state: "refused", reason: "unknown_account" });
		expect(await bank.account({ account: "ann" })).toMatchObject({ balance: 95_80 });
	});

	test("moved no money for callers that did not wait", async () => {
		expect(await bank.account({ account: "ann" })).toMatchObject({ balance: 95_80 });
	});

	test("adds up when a balance and a merchant are killed under load: each payment has one outcome", async () => {
		// Ben has 20 pounds: enough for 200 of them.
		const payments = Array.from({ length: 300 }, (_, index) => ({
			id: `load-${index}`,
			card: "card-ben",
			amount: 10,
			merchant: "TFL TRAVEL",
		}));
		const outcomes = new Map<string, number>();
		const queue = [...payments];
		const caller = async (): Promise<void> => {
			for (let payment = queue.shift(); payment !== undefined; payment = queue.shift()) {
				const response = await pay(payment);
				await response.text();
				outcomes.set(payment.id, response.status);
				if (outcomes.size === 60)
					for (const service of doubled) processes.get(service)?.[0]?.signal("SIGKILL");
			}
		};
		await Promise.all(Array.from({ length: 12 }, caller));

		const made = payments.filter(({ id }) => outcomes.get(id) === 201).map(({ id }) => id);
		const refused = payments.filter(({ id }) => outcomes.get(id) === 402);
		expect([made.length, refused.length]).toEqual([200, 100]);
		expect(await bank.account({ account: "ben" })).toMatchObject({ balance: 0 });
		expect((await spentByBen()).sort()).toEqual(made.toSorted());

		// A caller that asks again, perhaps because the answer got lost, gets the same answer.
		for (const payment of [...refused.slice(0, 5), ...payments.slice(50, 70)]) {
			expect((await pay(payment)).status).toBe(outcomes.get(payment.id));
		}

		const shown = new Set<string>();
		for await (const { id, title } of app.client(Feed).follow({ account: "ben", after: 0 })) {
			if (id.startsWith("transfer ")) continue;
			expect(title).toBe("🚇 Transport for London");
			if (shown.add(id).size === made.length) break;
		}
		expect([...shown].sort()).toEqual(made.toSorted());
	});
});

/** The ids of the payments that the ledger took from Ben. */
async function spentByBen(): Promise<string[]> {
	const ids = await spent(`sqlite://${folder}`, "ben");
	return ids.filter((id) => !id.startsWith("transfer "));
}

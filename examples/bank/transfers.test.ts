import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventStore } from "@allium/sqlite";
import { timesFrom } from "@allium/testing";
import { ServiceProcess } from "@allium/testing/process";
import { type App, allium, Context } from "allium";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Balance } from "./services/balance/contract.ts";
import { feedView } from "./services/feed/view.ts";
import { Transfers } from "./services/transfers/contract.ts";

const program = (service: string): string => new URL(`services/${service}/main.ts`, import.meta.url).pathname;

/** Two of each, so that one works while another is started again. */
const services = ["balance", "transfers", "feed"].flatMap((service) => [service, service]);

/** How many processes are killed. BANK_KILLS=20 asks for more. */
const kills = timesFrom("BANK_KILLS", 8);
/** More than there is on any account. */
const tooMuch = 200_00;

interface Order {
	readonly id: string;
	readonly from: string;
	readonly to: string;
	readonly amount: number;
}

/** Ann's money goes to Ben, and Ben's to Ann; some would go to nobody, and some is more than there is. */
function nextOrder(index: number): Order {
	const [from, to] = index % 2 === 0 ? (["ann", "ben"] as const) : (["ben", "ann"] as const);
	return {
		id: `t-${index}`,
		from,
		to: index % 5 === 0 ? "nobody" : to,
		amount: index % 7 === 0 ? tooMuch : 1_00 + (index % 10),
	};
}

let folder: string;
let url: string;
let processes: ServiceProcess[] = [];
let app: App;

const run = (service: string) => ServiceProcess.run(program(service), { env: { ALLIUM_URL: url } });

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-transfers-"));
	url = `sqlite://${folder}`;
	processes = services.map(run);
	await Promise.all(processes.map((each) => each.says(/ is ready url=\S+ /)));
	app = allium({ name: "customers", env: { ALLIUM_URL: url }, logger: { log() {} } });
	await app.start();
});

afterAll(async () => {
	await app?.stop();
	await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()));
	await rm(folder, { recursive: true });
});

/** Asks until there is an answer: the bank is being killed. Ids make that safe. */
async function answer<T>(ask: () => Promise<T>): Promise<T> {
	let result: { readonly value: T } | undefined;
	await expect
		.poll(
			async () => {
				result = await ask().then(
					(value) => ({ value }),
					() => undefined,
				);
				return result;
			},
			{ timeout: 60_000 },
		)
		.toBeDefined();
	if (result === undefined) throw new Error("there is an answer");
	return result.value;
}

/** Kills a process without warning, and starts another in its place. */
async function killOne(): Promise<void> {
	const index = Math.floor(Math.random() * services.length);
	await processes[index]?.[Symbol.asyncDispose]();
	const next = run(services[index] ?? "");
	processes[index] = next;
	await next.says(/ is ready url=\S+ /);
}

test("money is neither made nor lost while processes are killed, and each transfer ends once", async () => {
	const [balance, transfers] = [app.client(Balance), app.client(Transfers)];
	const orders: Order[] = [];
	const ends = new Map<string, string>();
	let isKilling = true;
	const customer = async (): Promise<void> => {
		while (isKilling) {
			const order = nextOrder(orders.length);
			orders.push(order);
			await answer(() => transfers.request(order));
			await expect.poll(() => ended(order.id), { timeout: 60_000 }).toBeDefined();
		}
	};
	const ended = async (id: string): Promise<string | undefined> => {
		const { state } = await answer(() => transfers.get({ id }));
		if (state === "requested") return undefined;
		ends.set(id, state);
		return state;
	};
	const killing = async (): Promise<void> => {
		for (let killed = 0; killed < kills; killed++) await killOne();
		isKilling = false;
	};
	await Promise.all([killing(), ...Array.from({ length: 4 }, customer)]);

	expect(new Set(ends.values())).toEqual(new Set(["completed", "refused"]));
	for (const { id, to, amount } of orders) {
		const mustFail = to === "nobody" || amount === tooMuch;
		if (mustFail) expect([id, ends.get(id)]).toEqual([id, "refused"]);
	}
	const money = await Promise.all(["ann", "ben"].map((account) => balance.get({ account })));
	expect(money.reduce((sum, { balance }) => sum + balance, 0)).toBe(120_00);
	await expectOneEndEach(orders.map(({ id }) => id));
	await expectFeedAddsUp(app, ["ann", "ben"]);
}, 180_000);

/**
 * Checks that the feed has the entries of the ledger, in the same order, and that the last balance is the current one.
 */
async function expectFeedAddsUp(app: App, accounts: readonly string[]): Promise<void> {
	const reader = app.view(feedView);
	for (const account of accounts) {
		const entries = async (): Promise<unknown[]> => {
			const ctx = Context.background().withTimeout(30_000);
			const rows = await reader.query(ctx)`SELECT id, change, balance FROM entries
				WHERE account = ${account} ORDER BY position`;
			return rows.map(({ id, change, balance }) => [id, Number(change), Number(balance)]);
		};
		await expect.poll(entries, { timeout: 60_000 }).toEqual(await movements(account));
	}
}

/** The movements of an account as its stream has them, with the balance after each. */
async function movements(account: string): Promise<unknown[]> {
	const store = await eventStore(url);
	const ctx = Context.background().withTimeout(30_000);
	const moved: unknown[] = [];
	let balance = 0;
	try {
		for (let after = 0, more = true; more; ) {
			const page = await store.read(`balance/${account}`, { after }, ctx);
			for (const { event, version } of page.events) {
				after = version;
				const { id, amount } = Object(event.data);
				const change = event.type === "balance.debited" ? -amount : amount;
				balance += change;
				if (event.type !== "balance.opened") moved.push([id, change, balance]);
			}
			more = page.more;
		}
	} finally {
		await store.close();
	}
	return moved;
}

async function expectOneEndEach(ids: readonly string[]): Promise<void> {
	const store = await eventStore(url);
	const ctx = Context.background().withTimeout(30_000);
	for (const id of ids) {
		const { events } = await store.read(`transfers/${id}`, {}, ctx);
		expect(events.map(({ event }) => event.type)).toEqual([
			"transfers.requested",
			expect.stringMatching(/^transfers\.(completed|refused)$/),
		]);
	}
	await store.close();
}

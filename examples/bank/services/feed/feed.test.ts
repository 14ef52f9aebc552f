import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
	type App,
	after,
	allium,
	type Client,
	Context,
	memoryRegistry,
	ResponseMetadata,
	type Service,
	ServiceError,
	silentLogger,
} from "allium";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Apns } from "../apns/contract.ts";
import { Balance } from "../balance/contract.ts";
import { balance } from "../balance/service.ts";
import type { FeedGenerator } from "../feed-generator/contract.ts";
import { Changes } from "./changes.ts";
import { Feed } from "./contract.ts";
import { entriesIn } from "./entries.ts";
import { pushing, waking } from "./handlers.ts";
import { feed } from "./service.ts";
import { feedView } from "./view.ts";

const at = "2026-01-01T12:00:00Z";

/** Items that show the amount and the balance. */
const generator: Service<typeof FeedGenerator> = {
	generate: async ({ entries }) => ({
		items: entries.map(({ id, account, position, change, balance, merchant, other }) => ({
			...{ id, account, position, at },
			title: merchant ?? other ?? "top-up",
			body: `${change} ${balance}`,
		})),
	}),
};

let folder: string;
let app: App;
let ledger: Client<typeof Balance>;
let reads: Client<typeof Feed>;
let phone: Service<typeof Apns>["push"];
let pushed: unknown[];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-feed-"));
	pushed = [];
	phone = async (push) => void pushed.push(push);
	app = allium({
		name: "bank",
		registry: memoryRegistry(),
		env: { ALLIUM_URL: `sqlite://${folder}` },
		logger: silentLogger,
	});
	const entries = entriesIn(app.project(feedView));
	const changes = new Changes();
	app.serve(Balance, balance(app.events, silentLogger));
	app.serve(Feed, feed({ entries, generator, changes }));
	const apns = { push: (push: Parameters<typeof phone>[0], ctx: Context) => phone(push, ctx) };
	app.subscribe(Balance, pushing({ entries, generator, apns }), {
		group: "push",
		retry: { firstDelayMs: 1 },
	});
	app.subscribe(Balance, waking(entries, changes), { each: true });
	await app.start();
	ledger = app.client(Balance);
	reads = app.client(Feed);
	await ledger.open({ account: "ann", amount: 100_00 });
	await ledger.open({ account: "ben", amount: 20_00 });
});

afterEach(async () => {
	await app.stop();
	await rm(folder, { recursive: true });
});

const pay = (id: string, ctx: Context = Context.background()) =>
	ledger.debit({ id, account: "ann", amount: 1_00, merchant: "COFFEE" }, ctx);

/** Pays, and returns a context with the position of the event. */
async function paid(id: string): Promise<Context> {
	const received = new ResponseMetadata();
	await pay(id, Context.background().withResponse(received));
	return after(Context.background(), received);
}

describe("the feed", () => {
	test("has what moved on an account, the newest first, each once, with what was left", async () => {
		await pay("p-1");
		await pay("p-1");
		await ledger.credit({ id: "t-1", account: "ben", amount: 5_00, other: "ann" });
		await ledger.credit({ id: "top", account: "ann", amount: 50 });
		const read = await paid("p-2");
		const { items } = await reads.list({ account: "ann", limit: 2 }, read);
		expect(items).toEqual([
			{ id: "p-2", account: "ann", position: 3, title: "COFFEE", body: "-100 9850", at },
			{ id: "top", account: "ann", position: 2, title: "top-up", body: "50 9950", at },
		]);
		expect((await reads.list({ account: "ben" }, read)).items).toMatchObject([
			{ id: "t-1", position: 1, title: "ann", body: "500 2500" },
		]);
	});

	test("is followed from where one left off, into what comes later", async () => {
		for (const id of ["p-1", "p-2"]) await pay(id);
		const followed: string[] = [];
		for await (const { id } of reads.follow({ account: "ann", after: 1 })) {
			if (followed.push(id) === 3) break;
			await pay(`p-${followed.length + 2}`);
		}
		expect(followed).toEqual(["p-2", "p-3", "p-4"]);
	});

	test("is followed from now on where no position is given", async () => {
		await reads.list({ account: "ann" }, await paid("p-1"));
		const following = reads.follow({ account: "ann" })[Symbol.asyncIterator]();
		const next = following.next();
		await pay("p-2");
		expect(await next).toMatchObject({ value: { id: "p-2" } });
		await following.return?.();
	});

	test("puts what happened onto the phone, in order, also when the phone cannot be reached at first", async () => {
		let attempts = 0;
		const reached = phone;
		phone = async (push, ctx) => {
			if (attempts++ < 2) throw new ServiceError({ code: "unavailable" });
			await reached(push, ctx);
		};
		for (const id of ["p-1", "p-2"]) await pay(id);
		await expect
			.poll(() => pushed, { timeout: 10_000 })
			.toMatchObject([
				{ account: "ann", title: "COFFEE", body: "-100 9900" },
				{ account: "ann", title: "COFFEE", body: "-100 9800" },
			]);
	});
});

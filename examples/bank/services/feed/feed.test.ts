import { testClient } from "@allium/testing";
import { type Service, ServiceError } from "allium";
import { describe, expect, test, vi } from "vitest";
import { Apns } from "../apns/contract.ts";
import { apns } from "../apns/service.ts";
import { Feed } from "./contract.ts";
import { feed } from "./service.ts";

const item = (id: string, account = "ann") => ({
	id,
	account,
	title: "☕ Coffee & Co",
	body: "£4.20 · £95.80 left",
	at: "2026-01-01T12:00:00Z",
});

function testFeed(phones: Service<typeof Apns> = apns()) {
	const log = vi.fn();
	return { log, client: testClient(Feed, feed({ apns: phones, logger: { log } })) };
}

describe("feed", () => {
	test("lists the newest items of an account first, each once", async () => {
		const { client } = testFeed();
		await using _ = client;
		for (const id of ["1", "2", "2", "3"]) await client.add(item(id));
		await client.add(item("4", "ben"));
		const { items } = await client.list({ account: "ann", limit: 2 });
		expect(items.map(({ id }) => id)).toEqual(["3", "2"]);
	});

	test("is followed from where one left off", async () => {
		const { client } = testFeed();
		await using _ = client;
		for (const id of ["1", "2"]) await client.add(item(id));
		const followed: string[] = [];
		for await (const { id } of client.follow({ account: "ann", after: 1 })) {
			if (followed.push(id) === 2) break;
			await client.add(item("3"));
		}
		expect(followed).toEqual(["2", "3"]);
	});

	test("puts an item onto the phone, once", async () => {
		await using phones = testClient(Apns, apns());
		const { client } = testFeed(phones);
		await using _ = client;
		for (const id of ["1", "1", "2"]) await client.add(item(id));
		const received: string[] = [];
		for await (const { id } of phones.receive({ account: "ann", after: 0 })) {
			if (received.push(id) === 2) break;
		}
		expect(received).toEqual(["1", "2"]);
	});

	test("has an item that no phone could be sent", async () => {
		const { client, log } = testFeed({
			...apns(),
			async push() {
				throw new ServiceError({ code: "unavailable" });
			},
		});
		await using _ = client;
		await client.add(item("1"));
		expect((await client.list({ account: "ann" })).items).toHaveLength(1);
		expect(log).toHaveBeenCalledExactlyOnceWith("warn", expect.any(String), expect.anything());
	});
});

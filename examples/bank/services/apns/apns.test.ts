import { testClient } from "@allium/testing";
import { expect, test } from "vitest";
import { Apns } from "./contract.ts";
import { apns } from "./service.ts";

const message = (id: string, account: string) => ({ id, account, title: "☕ Coffee & Co", body: "£4.20" });

test("a phone receives what was pushed to its account, each message once, and what comes after", async () => {
	await using client = testClient(Apns, apns());
	for (const id of ["1", "1", "2"]) await client.push(message(id, "ann"));
	await client.push(message("3", "ben"));
	const received: string[] = [];
	for await (const { id } of client.receive({ account: "ann", after: 0 })) {
		if (received.push(id) === 3) break;
		if (id === "2") await client.push(message("4", "ann"));
	}
	expect(received).toEqual(["1", "2", "4"]);
});

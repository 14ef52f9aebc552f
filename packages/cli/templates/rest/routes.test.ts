import { allium, memoryRegistry, silentLogger } from "allium";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NewService } from "./contract.ts";
import { restRoutes } from "./routes.ts";
import { itemService } from "./service.ts";

const app = allium({ name: "new-service", env: {}, registry: memoryRegistry(), logger: silentLogger });
let url: string;

beforeAll(async () => {
	app.serve(NewService, itemService(), { routes: restRoutes });
	await app.start();
	url = app.addresses.find((address) => address.startsWith("http:")) ?? "";
});

afterAll(() => app.stop());

function post(path: string, body: unknown): Promise<Response> {
	const headers = { "content-type": "application/json" };
	return fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

describe("over REST", () => {
	test("an item is created, and found where the answer says", async () => {
		const created = await post("/items", { name: "pear", cents: 30 });
		expect(created.status).toBe(201);
		const found = await fetch(url + created.headers.get("location"));
		expect(await found.json()).toEqual(await created.json());
	});

	test("the query says how many items are listed", async () => {
		for (const name of ["plum", "nut"]) await post("/items", { name, cents: 30 });
		const listed = await fetch(`${url}/items?limit=1`);
		expect(await listed.json()).toHaveLength(1);
	});

	test("an unknown item is 404, an item without a name 400, and one that is sold out 409", async () => {
		expect((await fetch(`${url}/items/none`)).status).toBe(404);
		expect((await post("/items", { cents: 30 })).status).toBe(400);
		const { headers } = await post("/items", { name: "fig", cents: 30, left: 0 });
		expect((await post(`${headers.get("location")}/buy`, {})).status).toBe(409);
	});
});

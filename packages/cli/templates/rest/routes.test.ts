import { allium, memoryRegistry, silentLogger } from "allium";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NewService } from "./contract.ts";
import { restRoutes } from "./routes.ts";
import { notesService } from "./service.ts";

const app = allium({ name: "new-service", env: {}, registry: memoryRegistry(), logger: silentLogger });
let url: string;

beforeAll(async () => {
	app.serve(NewService, notesService(), { routes: restRoutes });
	await app.start();
	url = app.addresses.find((address) => address.startsWith("http:")) ?? "";
});

afterAll(() => app.stop());

function post(path: string, body: unknown): Promise<Response> {
	const headers = { "content-type": "application/json" };
	return fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

describe("over REST", () => {
	test("a note is created, and found where the answer says", async () => {
		const created = await post("/notes", { text: "Buy onions." });
		expect(created.status).toBe(201);
		const found = await fetch(url + created.headers.get("location"));
		expect(await found.json()).toEqual(await created.json());
	});

	test("notes are listed, as many as the query says", async () => {
		for (const text of ["one", "two"]) await post("/notes", { text });
		const listed = await fetch(`${url}/notes?limit=1`);
		expect(await listed.json()).toHaveLength(1);
	});

	test("an unknown note is 404, and a note without a text 400", async () => {
		expect((await fetch(`${url}/notes/none`)).status).toBe(404);
		expect((await post("/notes", {})).status).toBe(400);
	});
});

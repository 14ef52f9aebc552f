import { Endpoints } from "@allium/core";
import type { Listener } from "@allium/core/transport";
import { listen } from "@allium/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Match, Matches } from "./contract.ts";
import { memoryMatches } from "./repository.ts";
import { matchRoutes } from "./routes.ts";
import { matchService } from "./service.ts";

let listener: Listener;
let url: string;

beforeEach(async () => {
	const endpoints = new Endpoints();
	endpoints.serve(Matches, matchService(memoryMatches()), { routes: matchRoutes });
	listener = await listen(endpoints);
	url = listener.addresses[0] as string;
});

afterEach(() => listener.close());

const players = [
	{ color: "white", name: "bob" },
	{ color: "black", name: "alfred" },
];

function create(body: unknown = { gridsize: 19, players }): Promise<Response> {
	const text = typeof body === "string" ? body : JSON.stringify(body);
	const headers = { "content-type": "application/json" };
	return fetch(`${url}/matches`, { method: "POST", headers, body: text });
}

describe("POST /matches", () => {
	test("starts a match", async () => {
		const before = Date.now();
		const response = await create();
		const match = (await response.json()) as Match;
		expect(response.status).toBe(201);
		expect(response.headers.get("location")).toBe(`/matches/${match.id}`);
		expect(match.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
		expect(match.started_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
		expect(Date.parse(match.started_at)).toBeGreaterThanOrEqual(before);
		expect(match).toEqual({
			id: match.id,
			started_at: match.started_at,
			gridsize: 19,
			turn: 0,
			players: [
				{ color: "white", name: "bob", score: 0 },
				{ color: "black", name: "alfred", score: 0 },
			],
		});
	});

	test.each([9, 13, 19])("takes a grid of %i", async (gridsize) => {
		expect((await create({ gridsize, players: players.toReversed() })).status).toBe(201);
	});

	test.each(['{"gridsize":19,', "this is not json"])("cannot parse %j", async (body) => {
		const response = await create(body);
		expect(response.status).toBe(400);
		expect(response.headers.get("content-type")).toBe("text/plain; charset=UTF-8");
		expect(await response.text()).toBe("Failed to parse create match request");
	});

	test.each<[string, unknown]>([
		["a grid of 20", { gridsize: 20, players }],
		["no grid", { players }],
		["a grid as text", { gridsize: "19", players }],
		["an empty name", { gridsize: 19, players: [players[0], { color: "black", name: "" }] }],
		["two whites", { gridsize: 19, players: [players[0], { color: "white", name: "alfred" }] }],
		["one player", { gridsize: 19, players: [players[0]] }],
		["three players", { gridsize: 19, players: [...players, players[0]] }],
		["a third color", { gridsize: 19, players: [players[0], { color: "red", name: "alfred" }] }],
		["no players", { gridsize: 19 }],
		["an array", []],
		["nothing", {}],
	])("refuses %s", async (_, body) => {
		const response = await create(body);
		expect(response.status).toBe(400);
		expect(response.headers.get("content-type")).toBe("text/plain; charset=UTF-8");
		expect(await response.text()).toBe("Invalid new match request");
	});
});

describe("GET /matches", () => {
	test("is an array, empty at first", async () => {
		const response = await fetch(`${url}/matches`);
		expect([response.status, await response.json()]).toEqual([200, []]);
	});

	test("has all that were started, in order", async () => {
		const first = await (await create()).json();
		const second = await (await create({ gridsize: 9, players })).json();
		expect(await (await fetch(`${url}/matches`)).json()).toEqual([first, second]);
	});
});

describe("GET /matches/{id}", () => {
	test("is the match at its location", async () => {
		const created = await create();
		const response = await fetch(`${url}${created.headers.get("location")}`);
		expect([response.status, await response.json()]).toEqual([200, await created.json()]);
	});

	test("is 404 when there is none", async () => {
		for (const id of [crypto.randomUUID(), "1234"]) {
			const response = await fetch(`${url}/matches/${id}`);
			expect([response.status, await response.json()]).toEqual([
				404,
				{ code: "not_found", reason: "match_not_found", message: "there is no such match" },
			]);
		}
	});
});

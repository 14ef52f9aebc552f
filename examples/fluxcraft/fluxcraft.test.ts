import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { allium, type Client } from "allium";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Game } from "./game.ts";
import { type News, Reality } from "./reality/contract.ts";

let folder: string;
const processes: ServiceProcess[] = [];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-fluxcraft-"));
});

afterEach(async () => {
	await Promise.all(processes.splice(0).map((each) => each[Symbol.asyncDispose]()));
	await rm(folder, { recursive: true, force: true });
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
	const started = run(env);
	await started.says(/ is ready /);
	return started;
}

function run(env: NodeJS.ProcessEnv): ServiceProcess {
	const started = ServiceProcess.run(new URL("main.ts", import.meta.url).pathname, {
		env: { ALLIUM_URL: `sqlite://${folder}`, PORT: "", ...env },
	});
	processes.push(started);
	return started;
}

function post(url: string, path: string, body: object): Promise<Response> {
	const headers = { "content-type": "application/json" };
	return fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

/** The answer to a command that succeeds, and the position of its event. */
async function done(url: string, path: string, body: object): Promise<{ game: Game; position: string }> {
	const response = await post(url, path, body);
	expect(response.ok).toBe(true);
	return { game: (await response.json()) as Game, position: response.headers.get("allium-position") ?? "" };
}

/** The game in the view, once the view has the event of a command. */
async function read(url: string, position: string): Promise<unknown> {
	const response = await fetch(`${url}/games/g1`, { headers: { "allium-position": position } });
	return response.json();
}

const ann = (x: number, y: number) => ({ player: "ann", name: "Ann", position: { x, y } });
const bob = (x: number, y: number) => ({ player: "bob", name: "Bob", position: { x, y } });
const game = { id: "g1", island: "ridge" } as const;

/** A game with two players, and the position of its last event. */
async function begin(url: string): Promise<string> {
	await done(url, "/games", game);
	await done(url, "/games/g1/join", { player: "ann", name: "Ann" });
	return (await done(url, "/games/g1/join", { player: "bob", name: "Bob" })).position;
}

const walk = (url: string, player: string, direction: string) =>
	done(url, "/games/g1/move", { player, direction });

describe("over HTTP", () => {
	test("two players join, move and leave, and a read after a command has it", async () => {
		const { url } = await start();
		const created = await post(url, "/games", game);
		expect([created.status, created.headers.get("location")]).toEqual([201, "/games/g1"]);
		expect(await created.json()).toEqual({ ...game, version: 1, players: [] });
		await done(url, "/games/g1/join", { player: "ann", name: "Ann" });
		const joined = await done(url, "/games/g1/join", { player: "bob", name: "Bob" });
		expect(joined.game).toEqual({ ...game, version: 3, players: [ann(0, 0), bob(1, 0)] });
		expect(await read(url, joined.position)).toEqual(joined.game);
		const moved = await walk(url, "ann", "south");
		expect(await read(url, moved.position)).toEqual({ ...game, version: 4, players: [ann(0, 1), bob(1, 0)] });
		const left = await done(url, "/games/g1/leave", { player: "ann" });
		expect(await read(url, left.position)).toEqual({ ...game, version: 5, players: [bob(1, 0)] });
	});

	test("a move against a tree, off the island or onto somebody is refused", async () => {
		const { url } = await start();
		await begin(url);
		const refusal = async (player: string, direction: string) => {
			const response = await post(url, "/games/g1/move", { player, direction });
			return [response.status, await response.json()];
		};
		const is = (reason: string, more: object = {}) => [
			400,
			expect.objectContaining({ code: "failed_precondition", reason, ...more }),
		];
		expect(await refusal("ann", "east")).toEqual(is("occupied", { data: { player: "bob" } }));
		expect(await refusal("ann", "west")).toEqual(is("off_island"));
		for (let steps = 0; steps < 4; steps++) await walk(url, "bob", "east");
		expect(await refusal("bob", "east")).toEqual(is("not_walkable", { data: { tile: "tree" } }));
	});

	test("there is no game before it is created, and no island of any name", async () => {
		const { url } = await start();
		expect((await fetch(`${url}/games/g1`)).status).toBe(404);
		expect((await post(url, "/games/g1/join", { player: "ann", name: "Ann" })).status).toBe(404);
		expect((await post(url, "/games", { id: "g1", island: "__proto__" })).status).toBe(400);
	});
});

/** Watches the game until it has this version. */
async function watch(reality: Client<typeof Reality>, version: number, at: (news: News) => void = () => {}) {
	const all: News[] = [];
	for await (const news of reality.watch({ id: "g1" })) {
		all.push(news);
		at(news);
		if (news.version === version) break;
	}
	return all;
}

/** The game that a page shows, from the news that it watches. */
function seen(all: readonly News[]): Record<string, unknown> {
	const places: Record<string, unknown> = {};
	for (const news of all) {
		if (news.kind === "snapshot") for (const each of news.players) places[each.player] = each.position;
		else if (news.kind === "left") delete places[news.player];
		else places[news.player] = news.position;
	}
	return places;
}

describe("the live stream", () => {
	test("shows the moves of all players to each of them, in order", async () => {
		const { url } = await start();
		// The view may be behind at first, and then the snapshot is, too.
		await read(url, await begin(url));
		await using app = new AsyncDisposableStack();
		const caller = app.adopt(allium({ name: "page", env: {} }), (each) => each.stop());
		const reality = caller.client(Reality, { url });
		const moves = ["south", "south", "east", "west", "north", "north"];
		const last = 3 + 2 * moves.length;
		let begun = 0;
		const go = (news: News) => {
			if (news.kind !== "snapshot" || ++begun < 2) return;
			for (const player of ["ann", "bob"]) void play(player);
		};
		const play = async (player: string) => {
			const steps = player === "ann" ? moves : ["east", "east", "east", "west", "west", "east"];
			for (const direction of steps) await walk(url, player, direction);
		};
		const [one, other] = await Promise.all([watch(reality, last, go), watch(reality, last, go)]);
		expect(one.map(({ version }) => version)).toEqual(Array.from({ length: last - 2 }, (_, n) => n + 3));
		expect(one.slice(1).every(({ kind }) => kind === "moved")).toBe(true);
		expect(other).toEqual(one);
		expect(seen(one)).toEqual({ ann: { x: 0, y: 0 }, bob: { x: 3, y: 0 } });
	});

	test("is of server-sent events for a page, and begins with a snapshot", async () => {
		const { url } = await start();
		const { position } = await done(url, "/games", game);
		const input = encodeURIComponent(JSON.stringify({ id: "g1" }));
		const headers = { accept: "text/event-stream", "allium-position": position };
		const response = await fetch(`${url}/reality/watch?input=${input}`, { headers });
		expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
		const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
		const { value = "" } = (await reader?.read()) ?? {};
		expect(JSON.parse(value.slice(value.indexOf("{")))).toEqual({
			kind: "snapshot",
			...game,
			version: 1,
			players: [],
		});
		await reader?.cancel();
	});
});

test("after kill -9 the reality is the same", async () => {
	const killed = await start();
	await begin(killed.url);
	const { game: before, position } = await walk(killed.url, "ann", "south");
	killed.signal("SIGKILL");
	await killed.ended();
	const { url } = await start();
	expect(await read(url, position)).toEqual(before);
	expect((await walk(url, "ann", "south")).game).toMatchObject({
		version: 5,
		players: [ann(0, 2), bob(1, 0)],
	});
});

test("a part that there is not is refused in one sentence", async () => {
	const refused = run({ FLUXCRAFT_PARTS: "commands,map" });
	expect(await refused.ended()).toBe(1);
	expect(refused.output).toBe('FLUXCRAFT_PARTS names "map"; it takes some of commands,reality\n');
});

test("commands and reality are one system as two processes, too", async () => {
	const commands = await start({ FLUXCRAFT_PARTS: "commands" });
	const reality = await start({ FLUXCRAFT_PARTS: "reality" });
	expect((await fetch(`${commands.url}/games/g1`)).status).toBe(404);
	await begin(commands.url);
	const { game: after, position } = await walk(commands.url, "bob", "south");
	expect(await read(reality.url, position)).toEqual(after);

	await using app = new AsyncDisposableStack();
	const caller = app.adopt(allium({ name: "page", env: {} }), (each) => each.stop());
	const move = (news: News) => void (news.kind === "snapshot" && walk(commands.url, "bob", "east"));
	const news = await watch(caller.client(Reality, { url: reality.url }), 5, move);
	expect(news.map(({ kind }) => kind)).toEqual(["snapshot", "moved"]);
});

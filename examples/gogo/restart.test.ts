import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { expect, test } from "vitest";

const main = new URL("main.ts", import.meta.url).pathname;
const players = [
	{ color: "black", name: "ann" },
	{ color: "white", name: "bob" },
];

async function send(url: string, body: unknown): Promise<[status: number, body: unknown]> {
	const headers = { "content-type": "application/json" };
	const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
	return [response.status, await response.json()];
}

test("a match is as it was after its process was killed, and the ko is refused still", async () => {
	const folder = await mkdtemp(join(tmpdir(), "allium-gogo-"));
	try {
		const options = { env: { ALLIUM_URL: `sqlite://${folder}`, PORT: "" } };
		let path: string;
		let board: unknown;
		let list: unknown;
		{
			await using gogo = await ServiceProcess.start(main, options);
			const [, { id }] = (await send(`${gogo.url}/matches`, { gridsize: 9, players })) as [
				number,
				{ id: string },
			];
			path = `/matches/${id}`;
			// White takes the stone at (1, 1) by the last of these.
			const moves = [
				[1, 0],
				[2, 0],
				[0, 1],
				[3, 1],
				[1, 2],
				[2, 2],
				[2, 1],
				[1, 1],
			] as const;
			for (const [turn, [x, y]] of moves.entries()) {
				const player = turn % 2 === 0 ? "black" : "white";
				const [status] = await send(`${gogo.url}${path}/moves`, { player, position: { x, y } });
				expect(status).toBe(201);
			}
			board = await (await fetch(`${gogo.url}${path}/board`)).json();
			list = await (await fetch(`${gogo.url}/matches`)).json();
			expect(board).toMatchObject({ prisoners: { black: 0, white: 1 }, player: "black", turn: 8 });
			gogo.signal("SIGKILL");
			await gogo.ended();
		}
		await using gogo = await ServiceProcess.start(main, options);
		expect(await (await fetch(`${gogo.url}${path}/board`)).json()).toEqual(board);
		expect(await (await fetch(`${gogo.url}/matches`)).json()).toEqual(list);
		const back = await send(`${gogo.url}${path}/moves`, { player: "black", position: { x: 2, y: 1 } });
		expect(back).toMatchObject([409, { reason: "ko" }]);
		expect(await (await fetch(`${gogo.url}${path}/board`)).json()).toEqual(board);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

const program = new URL("../fixtures/parts.ts", import.meta.url).pathname;

let folder: string;
const processes: ServiceProcess[] = [];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-parts-"));
});

afterEach(async () => {
	await Promise.all(processes.splice(0).map((each) => each[Symbol.asyncDispose]()));
	await rm(folder, { recursive: true, force: true });
});

/** Runs some parts of the system in a separate process. */
async function start(...parts: string[]): Promise<ServiceProcess> {
	const started = ServiceProcess.run(program, {
		env: { PARTS: parts.join(","), ALLIUM_URL: `sqlite://${folder}`, PORT: "" },
	});
	processes.push(started);
	for (const part of parts) await started.says(new RegExp(`${part} is ready url=`));
	return started;
}

/** The URL of a part. */
function urlOf(part: string): string {
	const output = processes.map((each) => each.output).join("\n");
	return new RegExp(`${part} is ready url=(\\S+)`).exec(output)?.[1] ?? "";
}

async function call(part: string, method: string, input: object): Promise<unknown> {
	const response = await fetch(`${urlOf(part)}/${part}/${method}`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(input),
	});
	return response.json();
}

test.each([
	["in one process", [["matches", "players"]]],
	["in a process each", [["matches"], ["players"]]],
])("the same parts of a system work %s, events included", async (_, layout) => {
	const started = await Promise.all(layout.map((parts) => start(...parts)));

	for (const id of ["m1", "m2", "m3"]) await call("matches", "end", { id, winner: "ann" });

	await vi.waitFor(
		async () => expect(await call("players", "wins", { player: "ann" })).toEqual({ wins: 3 }),
		{
			timeout: 20_000,
		},
	);
	for (const each of started) each.signal("SIGTERM");
	expect(await Promise.all(started.map((each) => each.ended()))).toEqual(layout.map(() => 0));
});

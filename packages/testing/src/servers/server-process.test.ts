import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ServerOptions, startServer } from "./server-process.ts";

/** A server that answers with the number of times that it was started on its folder. */
const program = `
	const { existsSync, readFileSync, writeFileSync } = require("node:fs");
	const [port] = process.argv.slice(1);
	const starts = (existsSync("starts") ? Number(readFileSync("starts", "utf8")) : 0) + 1;
	writeFileSync("starts", String(starts));
	require("node:http").createServer((_, response) => response.end(String(starts))).listen(Number(port), "127.0.0.1");
`;

const counter: ServerOptions = {
	file: process.execPath,
	args: ({ ports }) => ["-e", program, String(ports[0])],
	answers: async ({ ports }) => (await fetch(`http://127.0.0.1:${ports[0]}`)).ok,
};

async function starts(port: number): Promise<string> {
	const response = await fetch(`http://127.0.0.1:${port}`, { headers: { connection: "close" } });
	return response.text();
}

test("a server answers when it is started, and after a kill it is gone", async () => {
	await using server = await startServer(counter);
	expect(await starts(server.port)).toBe("1");
	await server.kill();
	await expect(starts(server.port)).rejects.toThrow("fetch failed");
});

test("a server that is started again has its ports and its data", async () => {
	await using server = await startServer(counter);
	const { port, folder } = server;
	await server.restart();
	expect([server.port, server.folder]).toEqual([port, folder]);
	expect(await starts(port)).toBe("2");
});

test("a suspended server keeps silent until it goes on, and can be stopped while it is silent", async () => {
	await using server = await startServer(counter);
	server.suspend();
	const answer = starts(server.port);
	server.resume();
	expect(await answer).toBe("1");
	server.suspend();
	await server.stop();
	await expect(starts(server.port)).rejects.toThrow("fetch failed");
});

test("closing a server removes its data", async () => {
	const server = await startServer(counter);
	await writeFile(join(server.folder, "more"), "data");
	expect(await readFile(join(server.folder, "starts"), "utf8")).toBe("1");
	await server.close();
	expect(existsSync(server.folder)).toBe(false);
});

test("a server that ends at its start is an error with what it printed", async () => {
	const failing: ServerOptions = {
		...counter,
		args: () => ["-e", "console.error('the port is taken'); process.exit(3)"],
	};
	await expect(startServer(failing)).rejects.toThrow(/ended at its start:\n.*the port is taken/s);
});

test("a program that is missing is an error", async () => {
	await expect(startServer({ ...counter, file: "/nowhere/server" })).rejects.toThrow("ENOENT");
});

import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, expect, test } from "vitest";

const program = new URL("../fixtures/filling.ts", import.meta.url).pathname;
const books = ["a", "b", "c", "d"];
const megabyte = 1024 * 1024;

/** Whether this user may mount a file system. */
const mayMount = spawnSync("unshare", ["-rm", "true"]).status === 0;

let folder: string;
let small: string;
let service: ServiceProcess;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "allium-full-disk-"));
	small = join(folder, "small");
	await mkdir(small);
});
afterEach(async () => {
	await service?.[Symbol.asyncDispose]();
	await rm(folder, { recursive: true });
});

/** Starts the service on a disk of its own. */
async function start(): Promise<void> {
	const mount = `mount -t tmpfs -o size=32m none "${small}" && exec "$@"`;
	const kept = `sqlite:${small}`;
	service = await ServiceProcess.start(program, {
		args: [small],
		env: {
			ALLIUM_REGISTRY: `sqlite:${folder}`,
			ALLIUM_BROKER: kept,
			ALLIUM_EVENTS: kept,
			ALLIUM_VIEWS: kept,
		},
		via: ["unshare", "-rm", "sh", "-c", mount, "sh"],
	});
}

interface Answer {
	readonly status: number;
	readonly body: { readonly code?: string; readonly message?: string; readonly ids?: readonly string[] };
}

async function call(name: string, input: object = {}): Promise<Answer> {
	const response = await fetch(`${service.url}/notes/${name}`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(input),
	});
	return { status: response.status, body: (await response.json()) as Answer["body"] };
}

/** The notes that the service has acknowledged. */
class Writer {
	readonly acknowledged = new Map<string, string[]>(books.map((book) => [book, []]));
	#count = 0;

	async write(book: string): Promise<Answer> {
		const id = `note-${++this.#count}`;
		const answer = await call("write", { book, id, text: "x".repeat(20_000) });
		if (answer.status === 200) this.acknowledged.get(book)?.push(id);
		return answer;
	}

	/** Writes to a book until a note is refused. Returns the refusal. */
	async untilRefused(book: string): Promise<Answer> {
		for (;;) {
			const answer = await this.write(book);
			if (answer.status !== 200) return answer;
		}
	}
}

// A user without the right to mount sees it skipped.
test.skipIf(!mayMount)(
	"a disk that is full under a service fails its commands, which the log says in one sentence, loses nothing acknowledged, and it goes on once there is room",
	async () => {
		await start();
		const writer = new Writer();
		for (const book of books) expect(await writer.write(book)).toMatchObject({ status: 200 });
		expect(await call("fill", { bytes: 24 * megabyte })).toMatchObject({ status: 200 });
		const refusals = await Promise.all(books.map((book) => writer.untilRefused(book)));
		for (const refusal of refusals) {
			expect(refusal).toMatchObject({ status: 503, body: { code: "unavailable" } });
			expect(refusal.body.message).not.toContain(small);
		}
		const told = /a backend is unavailable method=notes\/write .*events\.db\\": the disk is full; make room/;
		expect(service.output).toMatch(told);
		expect(await call("makeRoom")).toMatchObject({ status: 200 });
		for (const book of books) {
			await expect.poll(() => writer.write(book)).toMatchObject({ status: 200 });
		}
		for (const book of books) {
			const acknowledged = writer.acknowledged.get(book) ?? [];
			await expect
				.poll(async () => (await call("show", { book })).body.ids)
				.toEqual(expect.arrayContaining(acknowledged));
			const shown = (await call("show", { book })).body.ids ?? [];
			expect(shown).toEqual([...new Set(shown)]);
			await expect
				.poll(async () => (await call("handled")).body.ids)
				.toEqual(expect.arrayContaining(acknowledged));
		}
		service.signal("SIGTERM");
		expect(await service.ended(), service.output).toBe(0);
	},
);

import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Context } from "@allium/core";
import { ServiceProcess } from "@allium/testing/process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sqliteGroupState, sqliteLog } from "./sqlite-ports.ts";

const background = Context.background();
const env = { NODE_OPTIONS: "--conditions=@allium/source" };
const program = (name: string): string => join(import.meta.dirname, "fixtures", name);

/** Whether this user may mount a file system. */
const mayMount = spawnSync("unshare", ["-rm", "true"]).status === 0;

describe("processes that share the files of events", () => {
	let folder: string;

	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "allium-event-processes-"));
	});
	afterEach(() => rm(folder, { recursive: true }));

	test("ten that begin at once on a fresh folder make one topic and one group, and lose nothing", async () => {
		const url = `sqlite:${join(folder, "fresh")}`;
		const names = Array.from({ length: 10 }, (_, index) => `p${index}`);
		const members = names.map((name) =>
			ServiceProcess.run(program("event-member.ts"), { args: [url, name], env }),
		);
		for (const member of members) expect(await member.ended(), member.output).toBe(0);
		const log = sqliteLog(url);
		const topic = (await log.find("matches", background)) ?? expect.unreachable();
		const page = await topic.read(
			await topic.at("start", background),
			{ events: 1_000, bytes: 1e9 },
			background,
		);
		for (const name of names) {
			const ofKey = page.events.map(({ event }) => event).filter(({ key }) => key === name);
			expect(ofKey.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, count) => `${name}-${count}`));
		}
		const state = sqliteGroupState(url);
		const group = state.group({ topic: "matches", group: "rewards" });
		const joined = (await group.members(background)).map(({ id, joined }) => [joined, id]);
		expect(joined.map(([joined]) => joined)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
		expect(joined.map(([, id]) => id).sort()).toEqual([...names].sort());
		await log.close();
		await state.close();
	});

	test.skipIf(!mayMount)(
		"a full disk is one clear refusal, nothing is lost or torn, and it goes on when there is room",
		async () => {
			const small = join(folder, "small");
			await mkdir(small);
			const mount = `mount -t tmpfs -o size=8m none "${small}" && exec "$@"`;
			const via = ["unshare", "-rm", "sh", "-c", mount, "sh"];
			const publisher = ServiceProcess.run(program("full-disk.ts"), { args: [small], env, via });
			expect(await publisher.ended(), publisher.output).toBe(0);
			const file = join(small, "events.db");
			expect(publisher.output).toContain(
				`refused unavailable: cannot use the file "${file}": the disk is full; make room`,
			);
			expect(publisher.output).toContain("lost 0, torn 0, read many");
		},
	);
});

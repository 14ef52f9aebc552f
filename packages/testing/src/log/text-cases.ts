import { isServiceError } from "@allium/core";
import { expect } from "vitest";
import type { LogCase } from "./log-case.ts";
import { background, only, readAll, topicName } from "./log-lab.ts";
import { idOf, matchEvent } from "./match-event.ts";

/** Keys that are easily mistaken for something else, or for each other. */
export const hostileKeys: readonly string[] = [
	"a",
	"A",
	"a ",
	" a",
	"a%",
	"a_",
	"ab",
	"a.b",
	"a/b c*>",
	"__proto__",
	"constructor",
	"🧅",
	"é",
	"e\u0301",
	`"quoted" 'and' \\escaped\\`,
	"'; DROP TABLE events; --",
	"line\nbreak\r\n\ttab",
	"\u2028",
	"k".repeat(4096),
	`${"k".repeat(4095)}l`,
];

/** Names and data with unusual characters. */
export const textCases: readonly LogCase[] = [
	{
		title: "hostile keys come back as they were, and are not taken for each other",
		async run(lab) {
			const topic = await lab.topic({ lanes: 2 });
			const events = hostileKeys.map((key, index) => matchEvent(`e${index}`, { key }));
			await topic.append(events, background);
			const byId = (one: { readonly id: string }, other: { readonly id: string }): number =>
				one.id < other.id ? -1 : 1;
			const read = (await readAll(topic)).map(({ event }) => event);
			expect(read.sort(byId)).toEqual([...events].sort(byId));
			const start = await topic.at("start", background);
			for (const event of events) {
				const ofKey = await readAll(topic, start, { key: event.key ?? "" });
				expect(ofKey.map(idOf)).toEqual([event.id]);
			}
		},
	},
	{
		title: "a key with NUL comes back, or is refused as invalid",
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			const event = matchEvent("1", { key: "a\u0000b" });
			const outcome = await topic.append([event], background).catch((error: unknown) => error);
			if (isServiceError(outcome)) {
				expect(outcome.code).toBe("invalid_argument");
				expect(await readAll(topic)).toEqual([]);
				return;
			}
			const start = await topic.at("start", background);
			expect(only(await readAll(topic, start, { key: "a\u0000b" })).event).toEqual(event);
			expect(await readAll(topic, start, { key: "a" })).toEqual([]);
		},
	},
	{
		title: "Unicode and deep data come back unchanged",
		async run(lab) {
			const topic = await lab.topic();
			let deep: unknown = "bottom";
			for (let level = 0; level < 200; level++) deep = level % 2 === 0 ? { deep } : [deep];
			const data = {
				deep,
				"": "empty",
				"naïve 🧅 \u0000 \u2028": ["\ud83e\uddc5", '"\\', "\u0000\u001f", "line\nbreak"],
				numbers: [0, -1, 0.1, 1e21, Number.MAX_SAFE_INTEGER, 5e-324],
				nothing: [null, false, [], {}],
				["__proto__"]: "own",
			};
			await topic.append([matchEvent("1", { data })], background);
			const { event } = only(await readAll(topic));
			expect(JSON.stringify(event.data)).toBe(JSON.stringify(data));
		},
	},
	{
		title: "hostile ids come back as they were, and are not taken for each other",
		async run(lab) {
			const topic = await lab.topic({ lanes: 2 });
			const short = hostileKeys.filter(({ length }) => length < 100);
			await topic.append(
				short.map((id) => matchEvent(id)),
				background,
			);
			expect((await readAll(topic)).map(idOf).sort()).toEqual([...short].sort());
		},
	},
	{
		title: "topics whose names have a common prefix do not mix",
		async run(lab) {
			const log = await lab.open();
			const names = ["match", "match-es", "match.es", "match_es", "matches", "matches.more"];
			for (const name of names) {
				const topic = await log.open(name, { lanes: 2 }, background);
				await topic.append([matchEvent(`of ${name}`)], background);
			}
			for (const name of names) {
				const topic = await log.open(name, {}, background);
				expect((await readAll(topic)).map(idOf)).toEqual([`of ${name}`]);
			}
			expect(await log.topics(background)).toEqual([...names].sort());
		},
	},
	{
		title: "a text of a stranger that is no event is told as a fault, and what lies behind it comes",
		needs: ["putText"],
		async run(lab) {
			const topic = await lab.topic({ lanes: 1 });
			await topic.append([matchEvent("before")], background);
			for (const text of ["nonsense", "[1]", '{"id":"1"}']) await lab.setup.putText?.(topicName, 0, text);
			await topic.append([matchEvent("after")], background);
			await lab.eventually(async () => expect(await readAll(topic)).toHaveLength(5), 20);
			const read = await readAll(topic);
			expect(read.map(({ fault }) => fault !== undefined)).toEqual([false, true, true, true, false]);
			expect(read.slice(1, 4).map(({ event }) => event.data)).toEqual(["nonsense", "[1]", '{"id":"1"}']);
			expect(new Set(read.map(idOf)).size).toBe(5);
			const [found] = await topic.get(read.slice(1, 2), background);
			expect(found).toEqual(read[1]);
		},
	},
];

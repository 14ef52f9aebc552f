import { isServiceError } from "@allium/core";
import { expect } from "vitest";
import { hostileKeys } from "../log/text-cases.ts";
import { accountEvent, idsOf, part, streamName } from "./account-event.ts";
import type { EventStoreCase } from "./store-case.ts";
import { append, background, readStream, wrongVersion } from "./store-lab.ts";

const hostileNames: readonly string[] = [
	...hostileKeys.filter((key) => key.length <= 512),
	"n".repeat(512),
	`${"n".repeat(511)}m`,
	"🧅".repeat(128),
];

/** Names and data with unusual characters. */
export const textCases: readonly EventStoreCase[] = [
	{
		title: "hostile names of streams come back as they were, and are not taken for each other",
		async run(lab) {
			const store = await lab.open();
			for (const [index, stream] of hostileNames.entries())
				await append(store, part([accountEvent(`e${index}`)], { stream, expected: "none" }));
			for (const [index, stream] of hostileNames.entries()) {
				expect(idsOf(await readStream(store, stream)), stream).toEqual([`e${index}`]);
				const again = part([accountEvent("again")], { stream, expected: "none" });
				await expect(append(store, again), stream).rejects.toMatchObject(wrongVersion(1, stream));
			}
			const { items } = await store.streams({ limit: 1_000 }, background);
			expect(items.map(({ stream }) => stream).sort()).toEqual([...hostileNames].sort());
		},
	},
	{
		title: "a name of a stream that is empty, too long or not well-formed is refused",
		async run(lab) {
			const store = await lab.open();
			for (const stream of ["", "n".repeat(513), `${"🧅".repeat(128)}n`, "half \ud83e"]) {
				const refused = append(store, part([accountEvent("1", { key: "a" })], { stream }));
				await expect(refused, stream).rejects.toMatchObject({ code: "invalid_argument" });
			}
			expect(await store.streams({ limit: 10 }, background)).toEqual({ items: [] });
		},
	},
	{
		title: "a name of a stream with NUL comes back, or is refused as invalid",
		async run(lab) {
			const store = await lab.open();
			const stream = "a\u0000b";
			const events = [accountEvent("1")];
			const appended = await append(store, part(events, { stream })).catch((error: unknown) => error);
			if (isServiceError(appended)) expect(appended.code).toBe("invalid_argument");
			else expect(idsOf(await readStream(store, stream))).toEqual(["1"]);
			expect(await readStream(store, "a")).toEqual([]);
		},
	},
	{
		title: "hostile ids, causes and outcomes come back as they were",
		async run(lab) {
			const store = await lab.open();
			const short = hostileNames.filter((name) => name.length < 100);
			for (const id of short) {
				const kept = { id, fingerprint: id, text: id, keepMs: 3_600_000 };
				await append(store, part([accountEvent(id, { causationId: id })]), kept);
			}
			expect(idsOf(await readStream(store))).toEqual(short);
			for (const id of short) {
				expect(idsOf(await store.madeBy(streamName, id, background))).toEqual([id]);
				expect(await store.outcome(id, background)).toMatchObject({ id, fingerprint: id, text: id });
			}
		},
	},
	{
		title: "Unicode, deep and large data come back as they were",
		async run(lab) {
			const store = await lab.open();
			let deep: unknown = "🧅";
			for (let depth = 0; depth < 200; depth++) deep = depth % 2 === 0 ? [deep] : { deep };
			const { maxEventBytes } = await store.features(background);
			const data: readonly unknown[] = [
				"Zürich 🧅 \u2028 \u0000 \u001f \\ \" '",
				{ "": 1, __proto__x: 2, "a.b": [null, true, -0.5, 1e300, 9007199254740991] },
				JSON.parse('{"__proto__":{"polluted":1},"constructor":2}'),
				deep,
				"é".repeat(Math.floor(maxEventBytes / 2) - 500),
				null,
				0,
				false,
			];
			await append(store, part(data.map((each, index) => accountEvent(`e${index}`, { data: each }))));
			expect((await readStream(store)).map(({ event }) => event.data)).toEqual(data);
			const read = (await readStream(store))[2]?.event.data ?? expect.unreachable();
			expect(Object.keys(read)).toEqual(["__proto__", "constructor"]);
			const again = await append(
				store,
				part(data.map((each, index) => accountEvent(`e${index}`, { data: each }))),
			);
			expect(again.duplicate).toBe(true);
		},
	},
	{
		title: "streams with a common prefix do not mix",
		async run(lab) {
			const store = await lab.open();
			const names = [
				"account",
				"account/",
				"account/a",
				"account/a1",
				"account/a11",
				"account/a%",
				"account/a_",
			];
			for (const [index, stream] of names.entries())
				for (let count = 0; count <= index; count++)
					await append(store, part([accountEvent(`${stream} ${count}`)], { stream }));
			for (const [index, stream] of names.entries())
				expect(await readStream(store, stream), stream).toHaveLength(index + 1);
		},
	},
];

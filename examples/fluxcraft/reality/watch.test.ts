import { Context } from "allium";
import { beforeEach, describe, expect, test } from "vitest";
import type { Game } from "../game.ts";
import type { News } from "./contract.ts";
import { Feed } from "./feed.ts";
import { realityService } from "./service.ts";

const player = "ann";
const atVersion = (version: number): Game => ({
	id: "g1",
	version,
	island: "ridge",
	players: [{ player, name: "Ann", position: { x: version, y: 0 } }],
});

let feed: Feed;
/** The version that the view has. */
let viewed: number;
let stop: () => void;
let news: AsyncIterator<News>;

beforeEach(() => {
	feed = new Feed();
	viewed = 3;
	const { ctx, cancel } = Context.background().withCancel();
	stop = cancel;
	const find = async (id: string) => (id === "g1" ? atVersion(viewed) : undefined);
	news = realityService(find, feed).watch({ id: "g1" }, ctx)[Symbol.asyncIterator]();
});

/** An event arrives. */
function moved(version: number, id = "g1"): Promise<void> {
	const data = { id, version, player, position: { x: version, y: 0 } };
	return feed.handlers.moved?.(data, Context.background()) ?? Promise.resolve();
}

async function next(): Promise<string> {
	const { value } = await news.next();
	return `${value.kind} ${value.version}`;
}

describe("who watches a game", () => {
	test("gets a snapshot, and then each change", async () => {
		expect(await next()).toBe("snapshot 3");
		const waiting = next();
		await moved(4);
		await moved(5);
		expect([await waiting, await next()]).toEqual(["moved 4", "moved 5"]);
	});

	test("gets no change that was in the snapshot, none twice, and none of other games", async () => {
		expect(await next()).toBe("snapshot 3");
		for (const version of [2, 3, 4, 4, 3, 5]) await moved(version);
		await moved(4, "g2");
		await moved(6);
		expect([await next(), await next(), await next()]).toEqual(["moved 4", "moved 5", "moved 6"]);
	});

	test("gets a snapshot instead of changes that did not arrive, as soon as the view has them", async () => {
		expect(await next()).toBe("snapshot 3");
		await moved(6);
		const waiting = next();
		viewed = 7;
		await moved(7);
		await moved(8);
		expect([await waiting, await next()]).toEqual(["snapshot 7", "moved 8"]);
	});

	test("gets a snapshot instead of a long queue", async () => {
		expect(await next()).toBe("snapshot 3");
		for (let version = 4; version <= 1_000; version++) await moved(version);
		viewed = 1_000;
		const waiting = next();
		expect(await waiting).toBe("snapshot 1000");
		await moved(1_001);
		expect(await next()).toBe("moved 1001");
	});

	test("learns what the view had not had, and what no change told", async () => {
		expect(await next()).toBe("snapshot 3");
		viewed = 5;
		expect(await next()).toBe("snapshot 5");
	});

	test("is gone when the call ends", async () => {
		expect(await next()).toBe("snapshot 3");
		const waiting = next();
		stop();
		await expect(waiting).rejects.toMatchObject({ code: "canceled" });
	});
});

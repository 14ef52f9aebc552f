import { isServiceError } from "@allium/core";
import { timesFrom } from "@allium/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Actor, actors, anyConduct, told } from "./fixtures/conduct.ts";
import { Dice } from "./fixtures/dice.ts";
import { type Kind, type Settled, StrangeWorld, type Way } from "./fixtures/strange-world.ts";

/** How many conducts of each actor are tried. `ALLIUM_FUZZ_ROUNDS=500` asks for more. */
const rounds = timesFrom("ALLIUM_FUZZ_ROUNDS", 10);
const seed = Number(process.env.ALLIUM_FUZZ_SEED ?? 20_261_125);

const kinds: readonly [Kind, ...Kind[]] = ["unary", "nothing", "many", "upload", "chat"];

/** Errors that would have ended the process. */
const fatal: unknown[] = [];
const note = (error: unknown): void => void fatal.push(error);

let world: StrangeWorld;

beforeAll(async () => {
	world = await StrangeWorld.open();
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => {
	process.on("uncaughtException", note).on("unhandledRejection", note);
});
afterEach(() => {
	process.off("uncaughtException", note).off("unhandledRejection", note);
});

/** Whether a call was answered, or failed in a way that calls may fail. */
function isWellFormed({ error, status, body = "" }: Settled, { hasClient }: Way, actor: Actor): boolean {
	if (status !== undefined) return status >= 200 && status <= 599 && (status < 400 || isConnectError(body));
	if (error === undefined) return true;
	// The caller catches the errors that a client's middleware throws.
	const isLocal = actor === "client middleware" || actor === "attempt middleware";
	return hasClient && (isServiceError(error) || (isLocal && error instanceof Error));
}

function isConnectError(body: string): boolean {
	const { code, message }: { code?: unknown; message?: unknown } = JSON.parse(body);
	return typeof code === "string" && typeof message === "string";
}

describe("whatever strangers' code hands over", () => {
	test.each(actors)("each call settles, and the next one works: %s", async (actor) => {
		const dice = new Dice(seed + actors.indexOf(actor));
		for (let round = 0; round < rounds; round++) {
			const conduct = anyConduct(dice, actor);
			const kind = dice.pick(kinds);
			const what = `${told(conduct)}, ${kind}, seed ${seed}`;
			world.conduct = conduct;
			const settled = await Promise.all(world.ways.map((way) => way.call(kind)));
			world.conduct = undefined;
			settled.forEach((each, index) => {
				const way = world.ways[index] as Way;
				expect(isWellFormed(each, way, actor), `${what}, over ${way.name}: ${shown(each)}`).toBe(true);
			});
			const next = await Promise.all(world.ways.map((way) => way.call("unary")));
			next.forEach(({ output, status, body, error }, index) => {
				const got = status === undefined ? (output ?? error) : JSON.parse(body ?? "");
				expect(got, `after ${what}, over ${world.ways[index]?.name}`).toEqual({ v: 1 });
			});
			expect(fatal, what).toEqual([]);
		}
	});
});

function shown({ error, status, body, output }: Settled): string {
	const text =
		error instanceof Error ? `${error.name}: ${error.message} ${String(error.cause)}` : typeof error;
	return `${status ?? ""} ${body ?? ""} ${output === undefined ? "" : "output"} ${text}`.slice(0, 500);
}

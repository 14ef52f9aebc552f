import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { memoryBroker } from "@allium/core/log-broker";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { OpenedBroker } from "../broker/opened-broker.ts";
import { allium, conditions, piped, type Result, Started, startAllium } from "../fixtures/processes.ts";

const main = fileURLToPath(new URL("./fixtures/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "allium-events-"));
const url = `sqlite://${folder}/events`;
const env = { ALLIUM_REGISTRY: url, ALLIUM_BROKER: url, ALLIUM_NAMESPACE: "events-test" };
const run = (...args: string[]): Promise<Result> => allium(["events", ...args], env);
const elsewhere = (...args: string[]): Promise<Result> =>
	allium(["events", ...args, "--broker", `sqlite://${folder}/empty`], env);
let service: Started;

beforeAll(async () => {
	service = new Started([...conditions, main, "serve"], env);
	await service.printed("is ready");
});
afterAll(async () => {
	await service.end();
	rmSync(folder, { recursive: true });
});

describe("publish", () => {
	test("publishes an event as its service describes it, and says where it lies", async () => {
		const { code, stdout } = await run(
			"publish",
			"matches.started",
			'{"id":"m1","size":19}',
			"--id",
			"first",
		);
		expect([code, stdout]).toEqual([
			0,
			expect.stringMatching(/^Published matches\.started first at \d+:\S+ in sqlite:/),
		]);
		const shown = await run("show", "matches", "first", "--json");
		expect(JSON.parse(shown.stdout)).toMatchObject({
			event: { type: "matches.started", key: "m1", data: { id: "m1", size: 19, mode: "long" } },
		});
	});

	test("of an id that is there already publishes nothing, and says so", async () => {
		await run("publish", "matches.tick", '{"n":1}', "--id", "twice");
		const { code, stdout } = await run("publish", "matches.tick", '{"n":2}', "--id", "twice");
		expect([code, stdout]).toEqual([0, expect.stringContaining("nothing was published")]);
	});

	test("puts the key of --key into the data, and refuses another one", async () => {
		const { code } = await run("publish", "matches.started", '{"size":9}', "--key", "m2", "--id", "keyed");
		expect(code).toBe(0);
		const { event } = JSON.parse((await run("show", "matches", "keyed", "--json")).stdout);
		expect(event).toMatchObject({ key: "m2", data: { id: "m2" } });
		const other = await run("publish", "matches.started", '{"id":"m3","size":9}', "--key", "m2");
		expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('have the key "m3" in id') });
		const keyless = await run("publish", "matches.tick", '{"n":1}', "--key", "m2");
		expect(keyless).toMatchObject({ code: 2, stderr: "matches.tick has no key: leave --key out.\n" });
	});

	test("refuses an event that its topic would drop before its time", async () => {
		expect(await run("publish", "matches.tick", '{"n":3}', "--in", "31d", "--id", "dropped")).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("matches keeps events for 30d; publish it later"),
		});
		expect((await run("show", "matches", "dropped")).code).toBe(3);
	});

	test("with --in and --at says that the event is handled later", async () => {
		const before = Date.now();
		await run("publish", "matches.tick", '{"n":3}', "--in", "5m", "--id", "later");
		const { event } = JSON.parse((await run("show", "matches", "later", "--json")).stdout);
		expect(Date.parse(event.notBefore)).toBeGreaterThanOrEqual(before + 300_000);
		const tomorrow = new Date(before + 86_400_000).toISOString();
		const at = await run("publish", "matches.tick", '{"n":3}', "--at", tomorrow);
		expect(at.stdout).toContain(`to be handled not before ${tomorrow}`);
		expect((await run("publish", "matches.tick", '{"n":3}', "--at", "soon")).code).toBe(2);
	});

	test("takes the contract of an app that accepts its events over HTTP, where none serves it", async () => {
		const place = `sqlite://${folder}/accepting`;
		const accepting = { ...env, ALLIUM_REGISTRY: place, ALLIUM_BROKER: place };
		const app = new Started([...conditions, main, "accept"], accepting);
		await app.printed("is ready");
		const [, url = ""] = /url=(\S+)/.exec(app.stdout) ?? [];
		const publish = (...args: string[]): Promise<Result> =>
			allium(["events", "publish", "matches.started", ...args], accepting);
		expect(await publish('{"id":"m1","size":5}')).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/^Published matches\.started /),
		});
		expect(await publish('{"id":"m1","size":6}', "--url", url)).toMatchObject({ code: 0 });
		expect(await publish('{"id":"m1","size":2}')).toMatchObject({
			code: 1,
			stderr: expect.stringContaining("size: is below the minimum 5"),
		});
		await app.end();
	});

	test("refuses data that the contract does not allow, and names each fault", async () => {
		const { code, stderr } = await run("publish", "matches.started", '{"id":"m1","size":2,"mde":"long"}');
		expect(code).toBe(1);
		expect(stderr).toContain("\n  size: is below the minimum 5\n  mde: is not known\n");
	});

	test("suggests the event that may be meant", async () => {
		const event = await run("publish", "matches.strted", "{}");
		expect(event).toMatchObject({ code: 3, stderr: expect.stringContaining("Did you mean started?") });
		expect(await run("publish", "started", "{}")).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("<contract>.<event>"),
		});
	});

	test("makes no topic: where the broker has none, another one is meant", async () => {
		const { code, stderr } = await elsewhere("publish", "matches.tick", '{"n":1}');
		expect([code, stderr]).toEqual([3, expect.stringContaining("Its service uses another broker")]);
		expect((await elsewhere("topics", "--json")).stdout).toBe("[]\n");
	});
});

describe("show", () => {
	test("finds an event by its id and by its position, with its age and its data", async () => {
		await run("publish", "matches.tick", '{"n":7}', "--id", "shown");
		const byId = await run("show", "matches", "shown");
		expect(byId.stdout).toMatch(/^matches\.tick {2}version 1\n {2}id +shown\n/);
		expect(byId.stdout).toMatch(/published +\S+ \(\d+s ago\)\n/);
		expect(byId.stdout).toContain('"n": 7');
		const [, position = ""] = /position +(\S+),/.exec(byId.stdout) ?? [];
		expect((await run("show", "matches", position)).stdout).toContain("shown");
	});

	test("says of what is not there that it is not", async () => {
		expect(await run("show", "matches", "nothing")).toMatchObject({
			code: 3,
			stderr: expect.stringContaining('has no event "nothing"'),
		});
		expect(await run("show", "matchs", "nothing")).toMatchObject({
			code: 3,
			stderr: expect.stringContaining("Did you mean matches?"),
		});
	});
});

describe("tail", () => {
	test("prints what there is from the start, and follows until Ctrl-C", async () => {
		await run("publish", "matches.started", '{"id":"tailed","size":5}', "--id", "before");
		const tail = startAllium(["events", "tail", "--from", "start"], env);
		await tail.printed("before");
		await run("publish", "matches.started", '{"id":"tailed","size":6}', "--id", "after");
		await tail.printed(/matches\.started {2}tailed {2}\{"id":"tailed","size":6,"mode":"long"\} {2}after/);
		expect((await tail.end("SIGINT")).code).toBe(130);
	});

	test("of one event or one key leaves out the others", async () => {
		await run("publish", "matches.tick", '{"n":5}', "--id", "other");
		await run("publish", "matches.started", '{"id":"only","size":5}', "--id", "mine");
		const byType = startAllium(["events", "tail", "matches.started", "--from", "start"], env);
		await byType.printed("mine");
		expect((await byType.end("SIGINT")).stdout).not.toContain("matches.tick");
		const byKey = startAllium(["events", "tail", "matches", "--from", "1h", "--key", "only"], env);
		await byKey.printed("mine");
		expect((await byKey.end("SIGINT")).stdout.trimEnd().split("\n")).toHaveLength(1);
	});

	test("prints a CloudEvent a line for programs", async () => {
		await run("publish", "matches.tick", '{"n":5}', "--id", "cloud");
		const tail = startAllium(["events", "tail", "matches", "--from", "start", "--json"], env);
		await tail.printed('"id":"cloud"');
		const { stdout } = await tail.end("SIGINT");
		const events = stdout
			.trimEnd()
			.split("\n")
			.map((line) => JSON.parse(line));
		expect(events.find(({ id }) => id === "cloud")).toMatchObject({
			specversion: "1.0",
			type: "matches.tick",
			data: { n: 5 },
		});
	});

	test("waits for the first topic where there is none", async () => {
		const place = `sqlite://${folder}/later`;
		const later = { ...env, ALLIUM_REGISTRY: place, ALLIUM_BROKER: place };
		const tail = startAllium(["events", "tail"], later);
		await vi.waitFor(
			() => expect(tail.stderr).toMatch(/^There is no topic in sqlite:.*Waiting for one\.\n$/),
			60_000,
		);
		const first = new Started([...conditions, main, "serve"], later);
		await first.printed("is ready");
		await allium(["events", "publish", "matches.tick", '{"n":1}', "--id", "early"], later);
		await tail.printed("early");
		expect((await tail.end("SIGINT")).code).toBe(130);
		await first.end();
	});

	test("says in one sentence that there is no topic of the name", async () => {
		expect(await elsewhere("tail", "shop")).toMatchObject({
			code: 3,
			stderr: expect.stringMatching(/has no topic "shop"\.\nIt has no topics: .*when it starts\.\n$/),
		});
		expect(await run("tail", "shop")).toMatchObject({
			code: 3,
			stderr: expect.stringMatching(/has no topic "shop"\.\nKnown here: matches\.\n$/),
		});
	});

	test("says that the topic has no event of the name, whether one was published or not", async () => {
		expect(await run("tail", "matches.strted")).toMatchObject({
			code: 3,
			stderr: expect.stringMatching(
				/^matches in sqlite:.* has no event "strted"\. Did you mean started\?\nKnown here: started, tick\.\n$/,
			),
		});
	});

	test("takes an event for granted that no service describes, and says so", async () => {
		const tail = startAllium(["events", "tail", "matches.ended"], {
			...env,
			ALLIUM_REGISTRY: `sqlite://${folder}/nobody`,
		});
		await vi.waitFor(() =>
			expect(tail.stderr).toMatch(
				/^No service is up that describes matches, .* "ended"\. Waiting for one\.\n$/,
			),
		);
		expect((await tail.end("SIGINT")).code).toBe(130);
	});

	test("ends with the reader of its output, without another event", async () => {
		await run("publish", "matches.started", '{"id":"single","size":5}');
		const tail = "events tail matches --from start --key single";
		const { stdout, stderr } = await piped(tail, "head -n 1", env);
		expect(stdout.trimEnd().split("\n")).toHaveLength(1);
		expect(stderr).toBe("ended 0\n");
	});

	test("refuses a place that is none", async () => {
		const { code, stderr } = await run("tail", "--from", "yesterday");
		expect([code, stderr]).toEqual([2, expect.stringContaining("--from takes start, now, a time such as")]);
	});
});

describe("topics", () => {
	test("shows how many events each topic keeps", async () => {
		await run("publish", "matches.tick", '{"n":1}');
		const { stdout } = await run("topics");
		const [title, row] = stdout.split("\n");
		expect(title?.split(/ +/)).toEqual(["TOPIC", "LANES", "EVENTS", "OLDEST"]);
		expect(row).toMatch(/^matches +16 +\d+ +\d+[sm] ago$/);
	});
});

describe("a broker", () => {
	test("that does not answer is named, with what to do", async () => {
		const { code, stderr } = await run("topics", "--broker", "postgres://user:secret@127.0.0.1:1/events");
		expect(code).toBe(3);
		expect(stderr).toContain("--broker");
		expect(stderr).not.toContain("secret");
	});

	test("that keeps no events says what works nevertheless", async () => {
		const whole = memoryBroker();
		const { open, consume, parking, close } = whole;
		const opened = new OpenedBroker({ open, consume, parking, close }, "amqp://rabbit");
		expect(() => opened.log).toThrow("amqp://rabbit keeps no events");
		expect(() => opened.state).toThrow("amqp://rabbit keeps no state of groups");
		await whole.close();
	});
});

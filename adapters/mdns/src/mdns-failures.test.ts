import { Context, isServiceError, type Logger } from "@allium/core";
import { instanceRecord } from "@allium/core/registry";
import { cartInstance as instance } from "@allium/testing/registry-suite";
import type { Answer } from "dns-packet";
import { describe, expect, test } from "vitest";
import { announcement, heartbeat, nameOf, recordName, serviceType } from "./announcement.ts";
import { freePort, Stranger } from "./fixtures/stranger.ts";
import { registry } from "./index.ts";

const background = Context.background();
const record = instanceRecord(instance("a"));
const name = nameOf(record);

/** A stranger, and a registry on its network. */
async function network(logger?: Logger) {
	const stranger = await Stranger.join(await freePort());
	const open = await registry(stranger.url, logger === undefined ? {} : { logger });
	return {
		stranger,
		open,
		tell: (answers: Answer[]) => stranger.send({ type: "response", answers }),
		listed: async () => (await open.list()).map(({ id }) => id).sort(),
		[Symbol.asyncDispose]: async () => {
			await open.close();
			await stranger[Symbol.asyncDispose]();
		},
	};
}

describe("a URL", () => {
	test.each([
		["mdns://192.168.1.5", "write mdns:, or mdns:?interface=192.168.1.5"],
		["mdns:?interface=eth0", "interface is an IPv4 address of this host"],
		["mdns:?port=99999", "port is a UDP port from 1 to 65535, not 99999"],
		["mdns:?ttlMs=0", "the time to live must be a whole number of milliseconds"],
		["mdns:?answersMs=soon", "answersMs is a number of milliseconds from 150 to 60000, not soon"],
		["mdns:?prefix=a", '"prefix" is no parameter of this URL'],
	])("that is wrong is refused in one sentence: %s", async (url, sentence) => {
		await expect(registry(url)).rejects.toMatchObject({
			code: "invalid_argument",
			message: expect.stringContaining(sentence),
		});
	});

	test("with an address of another host is refused, and those of this one are named", async () => {
		await expect(registry("mdns:?interface=203.0.113.9")).rejects.toMatchObject({
			code: "failed_precondition",
			message: expect.stringMatching(
				/^this host does not have the address 203\.0\.113\.9; it has .*127\.0\.0\.1/,
			),
		});
	});
});

describe("an instance", () => {
	test("that does not fit into a packet is refused, and nobody hears of it", async () => {
		await using net = await network();
		const labels = { notes: "x".repeat(8_000) };
		await expect(net.open.register(instance("a", { labels }), background)).rejects.toMatchObject({
			code: "invalid_argument",
			message: expect.stringMatching(
				/takes \d+ bytes, and multicast DNS carries 7000 at most; shorten its labels/,
			),
		});
		expect(await net.listed()).toEqual([]);
	});

	test("of some thousand bytes arrives whole", async () => {
		await using net = await network();
		const labels = { notes: "ä".repeat(3_000) };
		await net.open.register(instance("a", { labels }), background);
		expect(await net.open.list()).toEqual([instance("a", { labels })]);
	});

	test("whose announcement was lost is asked for when its heartbeat arrives", async () => {
		await using net = await network();
		const watch = net.open.watch({}, background)[Symbol.asyncIterator]();
		await watch.next();
		await net.tell(heartbeat(name, 60_000));
		const asks = (): boolean =>
			net.stranger.heard.some(({ questions = [] }) =>
				questions.some((each) => each.name === recordName(name)),
			);
		await expect.poll(asks).toBe(true);
		await net.tell(announcement(record, 60_000));
		expect(await watch.next()).toMatchObject({ value: { type: "up", instance: { id: "a" } } });
	});

	test("is found by a browser of DNS-SD", async () => {
		await using net = await network();
		await net.open.register(record.instance, background);
		await expect.poll(() => net.stranger.heard.filter(({ type }) => type === "response")).toHaveLength(1);
		net.stranger.heard.length = 0;
		await net.stranger.send({ type: "query", questions: [{ type: "PTR", name: serviceType }] });
		const told = (type: string): Answer[] =>
			net.stranger.heard.flatMap(({ answers = [] }) => answers).filter((answer) => answer.type === type);
		await expect.poll(() => told("PTR")).toMatchObject([{ name: serviceType, data: name }]);
		await net.stranger.send({ type: "query", questions: [{ type: "SRV", name }] });
		await expect.poll(() => told("SRV")).toMatchObject([{ name, data: { port: 4000 } }]);
		expect(told("TXT").map((answer) => ("data" in answer ? String(answer.data) : ""))).toContainEqual(
			expect.stringContaining("app=shop"),
		);
	});

	test("is not told to a listener that knows it", async () => {
		await using net = await network();
		await net.open.register(record.instance, background);
		const other = instanceRecord(instance("b"));
		await net.open.register(other.instance, background);
		await expect.poll(() => net.stranger.heard.filter(({ type }) => type === "response")).toHaveLength(2);
		net.stranger.heard.length = 0;
		const questions = [{ type: "PTR", name: serviceType } as const];
		await net.stranger.send({ type: "query", questions, answers: heartbeat(name, 60_000) });
		const names = (): unknown[] =>
			net.stranger.heard
				.filter(({ type }) => type === "response")
				.flatMap(({ answers = [] }) =>
					answers.flatMap((answer) => (answer.type === "PTR" ? [answer.data] : [])),
				);
		await expect.poll(names).toEqual([nameOf(other)]);
	});
});

describe("a stranger", () => {
	test("who sends what is no packet, or none of Allium, is not heard", async () => {
		await using net = await network();
		// A name that points to itself, and one that points beyond the end.
		const header = Buffer.from("000084000000000100000000", "hex");
		for (const rest of ["c00c000c0001000000780002c00c", "c0ff", "3f61", ""]) {
			await net.stranger.send(Buffer.concat([header, Buffer.from(rest, "hex")]));
		}
		for (let length = 0; length < 200; length++) {
			await net.stranger.send(crypto.getRandomValues(new Uint8Array(length)));
		}
		const [pointer, lease, ...rest] = announcement(record, 60_000);
		await net.tell([
			{ type: "PTR", name: "_http._tcp.local", ttl: 60, data: "printer._http._tcp.local" },
			{ type: "TXT", name: "printer._http._tcp.local", ttl: 60, data: ["left=60000"] },
			{ type: "PTR", name: serviceType, ttl: 60, data: "elsewhere.example.org" },
		]);
		if (pointer !== undefined) await net.tell([pointer, ...rest]);
		if (lease !== undefined) await net.tell([lease, ...rest]);
		expect(await net.listed()).toEqual([]);
		await net.tell(announcement(record, 60_000));
		expect(await net.listed()).toEqual(["a"]);
	});

	test("who announces a record under the name of another changes nothing", async () => {
		await using net = await network();
		await net.tell(announcement(record, 60_000));
		const forged = announcement(instanceRecord(instance("forged")), 60_000).map((answer) => {
			const isOwn = answer.type === "TXT" && answer.name.startsWith("_record.");
			return isOwn ? { ...answer, name: recordName(name) } : answer;
		});
		await net.tell(forged.filter((answer) => answer.type === "TXT" && answer.name === recordName(name)));
		await net.tell([...heartbeat(name, 60_000), ...forged]);
		expect(await net.listed()).toEqual(["a"]);
	});

	test("who sends from another port is not heard", async () => {
		await using net = await network();
		await using other = await Stranger.join(net.stranger.port, await freePort());
		await other.send({ type: "response", answers: announcement(record, 60_000) });
		expect(await net.listed()).toEqual([]);
	});

	test("who announces without end takes no more memory than is allowed, which is logged once", async () => {
		const logged: string[] = [];
		await using net = await network({ log: (_, message) => logged.push(message) });
		for (let index = 0; index < 6_000; index++) {
			await net.tell(announcement(instanceRecord(instance(`i${index}`)), 3_600_000));
			// The socket of the registry has little room, and would lose some.
			if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		await expect.poll(() => logged).toHaveLength(1);
		expect(logged[0]).toContain("more than 5000 instances, or 16 MiB of them, are announced on this network");
		expect((await net.open.list()).length).toBe(5_000);
	});
});

test("a registry that is closed while it asks the network ends what it asks, and nothing else", async () => {
	await using stranger = await Stranger.join(await freePort());
	for (let turns = 0; turns < 5; turns++) {
		const open = await registry(stranger.url);
		const listing = open.list();
		const registering = open.register(instance("a"), background);
		for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
		await open.close();
		await expect(listing).rejects.toSatisfy(isServiceError);
		await registering.catch((error) => expect(isServiceError(error)).toBe(true));
	}
});

import { Context, isServiceError } from "@allium/core";
import type { Placed, TopicLog } from "@allium/core/event";
import { sleep } from "@allium/core/transport";
import { type OpenedBroker, withBroker } from "../broker/opened-broker.ts";
import { noTopics, topicNamed } from "../broker/topic-named.ts";
import type { Run, Surroundings, Words } from "../command/command.ts";
import { exitCode } from "../command/exit-code.ts";
import { placeOption } from "../command/time-value.ts";
import { Interruption } from "../terminal/interruption.ts";
import { eventJson, eventLine } from "./event-line.ts";
import { checkEventType } from "./event-type.ts";
import { followed } from "./followed.ts";

/** How often new topics are looked for, in milliseconds. */
const newTopicsMs = 2_000;

/** The topics to print, and the form of the output. */
interface Tail {
	readonly opened: OpenedBroker;
	readonly from: "start" | "now" | Date;
	readonly key: string | undefined;
	/** Only events of this type. */
	readonly type: string | undefined;
	readonly print: (placed: Placed) => Promise<void>;
	readonly warn: (sentence: string) => void;
}

/** `allium events tail [topic|contract.event]` */
export const tail: Run = async (words, surroundings) => {
	const { terminal } = surroundings;
	const from = placeOption(words, "from") ?? "now";
	const { ctx, cancel } = Context.background().withCancel();
	using interruption = new Interruption(cancel);
	const unlisten = terminal.onUnread(cancel);
	try {
		await withBroker(words, surroundings, (opened) =>
			tailNamed({ opened, from, ...printing(words, surroundings) }, words, surroundings, ctx),
		);
		return interruption.code ?? exitCode.ok;
	} catch (error) {
		if (ctx.error === undefined) throw error;
		return interruption.code ?? exitCode.ok;
	} finally {
		unlisten();
	}
};

function printing(words: Words, { terminal }: Surroundings): Pick<Tail, "key" | "type" | "print" | "warn"> {
	const line = (placed: Placed): string =>
		words.has("json") ? eventJson(placed) : eventLine(placed, terminal.styles);
	return {
		key: words.value("key"),
		type: undefined,
		print: (placed) => terminal.print(line(placed)),
		warn: (sentence) => terminal.complain(sentence),
	};
}

async function tailNamed(tail: Tail, words: Words, surroundings: Surroundings, ctx: Context): Promise<void> {
	const { opened, warn } = tail;
	const [name] = words.arguments;
	const names = await opened.ask((ctx) => opened.log.topics(ctx));
	if (name === undefined) {
		if (names.length === 0) warn(`${noTopics(opened.url)} Waiting for one.`);
		return tailAll(tail, names, ctx);
	}
	const topic = topicOf(name, names) ?? name;
	const log = await topicNamed(opened, topic);
	if (name === topic) return tailTopic(tail, log, ctx);
	await checkEventType(opened, log, name, words, surroundings);
	return tailTopic({ ...tail, type: name }, log, ctx);
}

/** The topic that a name means: its own, or that of an event. Names of contracts may have dots, too. */
function topicOf(name: string, topics: readonly string[]): string | undefined {
	if (topics.includes(name)) return name;
	const contract = name.slice(0, Math.max(0, name.lastIndexOf(".")));
	return topics.find((topic) => topic === contract);
}

/** Follows all topics, also those that are made meanwhile. */
async function tailAll(tail: Tail, names: readonly string[], ctx: Context): Promise<void> {
	const { log } = tail.opened;
	const known = new Set<string>();
	const begin = async (name: string, from: Tail["from"]): Promise<void> => {
		const topic = await tail.opened.ask((ctx) => log.find(name, ctx));
		if (topic !== undefined) await tailTopic({ ...tail, from }, topic, ctx);
	};
	const failed = Promise.withResolvers<never>();
	const follow = (all: readonly string[], from: Tail["from"]): void => {
		for (const name of all) {
			if (known.has(name)) continue;
			known.add(name);
			begin(name, from).catch(failed.reject);
		}
	};
	follow(names, tail.from);
	const lookOut = async (): Promise<never> => {
		for (;;) {
			await sleep(newTopicsMs, ctx);
			// All events of a new topic were published since.
			follow(await unlessAway(() => log.topics(ctx)), "start");
		}
	};
	await Promise.race([failed.promise, lookOut()]);
}

async function tailTopic(
	{ from, key, type, print, warn }: Tail,
	topic: TopicLog,
	ctx: Context,
): Promise<void> {
	for await (const placed of followed(topic, { from, key, warn }, ctx)) {
		if (type === undefined || placed.event.type === type) await print(placed);
	}
}

/** The topics are looked up again later, so a failure during an outage can be ignored. */
async function unlessAway(ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
	try {
		return await ask();
	} catch (error) {
		if (isServiceError(error) && error.code === "unavailable") return [];
		throw error;
	}
}

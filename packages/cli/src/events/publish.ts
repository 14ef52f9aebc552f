import { type Context, ServiceError } from "@allium/core";
import { Publisher, type Receipt } from "@allium/core/event";
import { contractFromDescription, type ValueFault, valueFaults } from "@allium/core/reflection";
import { type OpenedBroker, withBroker } from "../broker/opened-broker.ts";
import { positionText } from "../broker/position.ts";
import { readInput } from "../call/input.ts";
import type { Run, Surroundings, Words } from "../command/command.ts";
import { unavailable, usageError } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import { durationOption } from "../command/option-values.ts";
import { isoForm, parseIsoTime } from "../command/time-value.ts";
import { commandName } from "../discovery/credentials.ts";
import { describedEvents } from "../discovery/described-events.ts";
import { unknownName } from "../discovery/unknown-name.ts";
import { formatAge } from "../text/duration.ts";
import { withDefaults } from "./with-defaults.ts";
import { withKey } from "./with-key.ts";

/** The event to publish: an event of a contract, by its parts. */
type EventToPublish = Parameters<Publisher["publish"]>[0];

/** `allium events publish <contract.event> [json|-]` */
export const publish: Run = async (words, surroundings) => {
	const event = await eventOf(words, surroundings);
	return withBroker(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const receipt = await published(opened, event);
		if (words.has("json")) await terminal.print(JSON.stringify(receipt));
		else await terminal.print(sentence(receipt, event, opened.url));
		return exitCode.ok;
	});
};

/** The event that the words name, as its service describes it. */
async function eventOf(words: Words, surroundings: Surroundings) {
	const [type = "", argument] = words.arguments;
	const notBefore = notBeforeOf(words);
	const at = type.lastIndexOf(".");
	if (at < 1) throw usageError(`An event is named as <contract>.<event>, not ${JSON.stringify(type)}.`);
	const [service, name] = [type.slice(0, at), type.slice(at + 1)];
	const { value } = await readInput("unary", argument, surroundings.stdin);
	const description = await describedEvents(service, words, surroundings);
	const { events = {} } = description;
	const described = Object.hasOwn(events, name) ? events[name] : undefined;
	const of = contractFromDescription(description)["~allium"].events.find((each) => each.name === name);
	if (described === undefined || of === undefined) {
		const sentence = `${service} has no event ${JSON.stringify(name)} that others may publish`;
		throw unknownName(sentence, name, Object.keys(events), "It has no events at all.");
	}
	const data = withKey(value, words.value("key"), { type, key: of.key });
	const faults = valueFaults(data, described.data);
	if (faults.length > 0) throw invalidData(type, faults);
	const id = words.value("id");
	return {
		type,
		topic: service,
		name,
		data: withDefaults(data, described.data),
		of,
		...(id !== undefined && { id }),
		...(notBefore !== undefined && { notBefore }),
	};
}

function notBeforeOf(words: Words): string | undefined {
	const inMs = durationOption(words, "in");
	const at = words.value("at");
	if (inMs !== undefined && at !== undefined)
		throw usageError("--at and --in say the same; give one of them.");
	if (inMs !== undefined) return new Date(Date.now() + inMs).toISOString();
	if (at === undefined) return undefined;
	const time = parseIsoTime(at);
	if (time === undefined) throw usageError(`--at takes ${isoForm}; not ${JSON.stringify(at)}.`);
	return time.toISOString();
}

function invalidData(type: string, faults: readonly ValueFault[]): ServiceError {
	const [first] = faults;
	const where = first === undefined || first.path.length === 0 ? "it" : first.path.join(".");
	return new ServiceError({
		code: "invalid_argument",
		reason: "invalid_event",
		message: `the data are not those of ${type}: ${where}: ${first?.message}`,
		data: { issues: faults },
	});
}

async function published(
	opened: OpenedBroker,
	event: Awaited<ReturnType<typeof eventOf>>,
): Promise<Receipt | undefined> {
	const { broker } = opened;
	if (broker.log !== undefined) {
		const topic = await opened.ask((ctx) => opened.log.find(event.topic, ctx));
		if (topic === undefined) {
			throw unavailable(
				`${event.topic} is served, but ${opened.url} has no topic ${JSON.stringify(event.topic)}.`,
				["Its service uses another broker: name that one with --broker or ALLIUM_BROKER."],
			);
		}
		checkKept(event, topic.retainMs);
	}
	const publisher = new Publisher({ broker, source: commandName });
	const events: EventToPublish = event;
	const [receipt] = await opened.ask((ctx: Context) => publisher.publish(events, ctx));
	return receipt;
}

/** A topic does not keep an event for longer because it is to be handled later. */
function checkKept({ type, topic, notBefore }: Awaited<ReturnType<typeof eventOf>>, retainMs: number): void {
	if (notBefore === undefined || Date.parse(notBefore) - Date.now() < retainMs) return;
	throw usageError(
		`${type} would be gone before ${notBefore}: ${topic} keeps events for ${formatAge(retainMs)}; publish it later, or make the topic with a longer retention.`,
	);
}

function sentence(
	receipt: Receipt | undefined,
	{ type, topic, notBefore }: Awaited<ReturnType<typeof eventOf>>,
	url: string,
): string {
	if (receipt === undefined) return `Nothing was published in ${url}.`;
	const { id, lane, cursor, duplicate } = receipt;
	if (duplicate) return `${topic} in ${url} has an event of the id ${id} already; nothing was published.`;
	const place = cursor === undefined ? "" : ` at ${positionText({ lane, cursor })}`;
	const when = notBefore === undefined ? "" : `, to be handled not before ${notBefore}`;
	return `Published ${type} ${id}${place} in ${url}${when}.`;
}

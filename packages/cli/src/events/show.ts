import type { Placed, TopicLog } from "@allium/core/event";
import { type OpenedBroker, withBroker } from "../broker/opened-broker.ts";
import { parsePosition, positionText } from "../broker/position.ts";
import { topicNamed } from "../broker/topic-named.ts";
import type { Run } from "../command/command.ts";
import { notFound } from "../command/command-error.ts";
import { exitCode } from "../command/exit-code.ts";
import type { Styles } from "../terminal/terminal.ts";
import { columns } from "../text/columns.ts";
import { formatAge } from "../text/duration.ts";
import { eventWithId } from "./event-with-id.ts";

/** `allium events show <topic> <id or position>` */
export const show: Run = (words, surroundings) =>
	withBroker(words, surroundings, async (opened) => {
		const { terminal } = surroundings;
		const [name = "", wanted = ""] = words.arguments;
		const topic = await topicNamed(opened, name);
		const found = (await atPosition(opened, topic, wanted)) ?? (await eventWithId(opened, topic, wanted));
		if (found === undefined) {
			throw notFound(
				`${name} in ${opened.url} has no event ${JSON.stringify(wanted)}, or keeps it no longer.`,
			);
		}
		if (words.has("json")) {
			await terminal.print(JSON.stringify(plain(found), null, terminal.isInteractive ? 2 : 0));
		} else {
			await terminal.print(text(found, terminal.styles));
		}
		return exitCode.ok;
	});

async function atPosition(
	opened: OpenedBroker,
	topic: TopicLog,
	wanted: string,
): Promise<Placed | undefined> {
	const position = parsePosition(wanted);
	if (position === undefined || position.lane >= topic.lanes) return undefined;
	const [found] = await opened.ask((ctx) => topic.get([position], ctx));
	return found;
}

function plain({ event, bytes, fault, ...place }: Placed): object {
	return { position: positionText(place), bytes, ...(fault !== undefined && { fault }), event };
}

function text({ event, bytes, fault, ...place }: Placed, { bold, dim, red }: Styles): string {
	const rows: (readonly [string, string | undefined])[] = [
		["id", event.id],
		["position", `${positionText(place)}, ${bytes} bytes`],
		["key", event.key],
		["published", aged(event.time)],
		["not before", event.notBefore],
		["by", event.source],
		["trace", traceText(event.traceparent)],
		["caused by", event.causationId],
		["first cause", event.correlationId === event.id ? undefined : event.correlationId],
		...Object.entries(event.metadata ?? {}),
	];
	const shown = rows.flatMap(([title, value]) =>
		value === undefined || value === "" ? [] : [[dim(title), value]],
	);
	const head =
		fault === undefined ? `${bold(event.type)}  version ${event.version}` : red(`No event: ${fault}`);
	const data = typeof event.data === "string" ? event.data : JSON.stringify(event.data, null, 2);
	return [head, ...columns(shown).map((line) => `  ${line}`), data ?? ""].join("\n");
}

function aged(time: string): string {
	const at = Date.parse(time);
	return Number.isNaN(at) ? time : `${time} (${formatAge(Date.now() - at)} ago)`;
}

/** The ids of W3C Trace Context: `00-<trace>-<span>-01`. */
function traceText(traceparent: string | undefined): string | undefined {
	const [, trace, span] = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-/.exec(traceparent ?? "") ?? [];
	return trace === undefined ? traceparent : `${trace}, span ${span}`;
}

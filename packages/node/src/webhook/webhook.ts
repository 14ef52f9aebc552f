import {
	type AnyContract,
	type AnyEvent,
	type Context,
	delivery,
	type EventName,
	type Handlers,
} from "@allium/core";
import { eventText } from "@allium/core/event";
import { checkedTarget, sendWebhook, type WebhookTarget } from "./send-webhook.ts";

/** The destination of a contract's events, and the events to send. */
export interface WebhookOptions<Name extends string = string> extends WebhookTarget {
	/** The events to send. Default: all events that are not private. */
	readonly events?: readonly Name[];
}

/**
 * Handlers that send each event to a URL, as a CloudEvent in JSON, signed as Standard Webhooks says. The group that
 * has them retries and parks, as {@link sendWebhook} describes it.
 *
 * @throws TypeError for a URL or a secret that cannot be used, and for events that the contract does not have;
 * RangeError for a timeout that cannot be used.
 * @example
 * app.subscribe(Matches, webhook(Matches, { url, secret, events: ["started"] }), { group: "acme-webhook" });
 */
export function webhook<C extends AnyContract>(
	contract: C,
	options: WebhookOptions<EventName<C>>,
): Handlers<C>;
export function webhook(contract: AnyContract, options: WebhookOptions): Readonly<Record<string, unknown>> {
	checkedTarget(options);
	return Object.fromEntries(
		chosen(contract, options.events).map((event) => [event.name, senderOf(event, options)]),
	);
}

function chosen(contract: AnyContract, names: readonly string[] | undefined): readonly AnyEvent[] {
	const { name, events } = contract["~allium"];
	if (names === undefined) return events.filter((event) => !event.private);
	return names.map((wanted) => {
		const event = events.find((each) => each.name === wanted);
		if (event !== undefined) return event;
		const known = events.map((each) => each.name).join(", ") || "none";
		throw new TypeError(`"${name}" has no event "${wanted}" for a webhook; its events are ${known}`);
	});
}

function senderOf(event: AnyEvent, target: WebhookTarget): (data: unknown, ctx: Context) => Promise<void> {
	return async (data, ctx) => {
		const { id, source, key, time, correlationId, causationId } = delivery(ctx);
		const record = {
			id,
			type: event.type,
			version: event.version,
			source,
			...(key !== undefined && { key }),
			time: dated(time).toISOString(),
			data,
			correlationId,
			...(causationId !== undefined && { causationId }),
		};
		await sendWebhook(target, { id, text: eventText(record, Number.POSITIVE_INFINITY) }, ctx);
	};
}

/** Not only Allium writes to logs: an event without a time is one of now. */
function dated(time: Date): Date {
	return Number.isNaN(time.getTime()) ? new Date() : time;
}

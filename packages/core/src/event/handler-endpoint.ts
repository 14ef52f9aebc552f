import type { Context } from "../context/context.ts";
import type { AnyContract } from "../contract/contract.ts";
import type { AnyEvent } from "../contract/event.ts";
import { checkedChain } from "../endpoint/checked-chain.ts";
import type { Endpoint, Middleware } from "../endpoint/endpoint.ts";
import { delivery } from "./delivery.ts";
import { withEventRead } from "./read-event.ts";

/** The function that handles an event, as it stands in an object of handlers. */
type Handler = (this: object, data: unknown, ctx: Context) => unknown;

/** The layers around the handlers of a group, outermost first. */
export interface HandlerLayers {
	/** Outside of the check of the data. */
	readonly outermost: readonly Middleware[];
	readonly middleware: readonly Middleware[];
}

/** An event that is handled. */
export interface HandledEvent {
	readonly type: AnyEvent;
	/** Takes the data as it was published. */
	readonly endpoint: Endpoint;
}

/**
 * The events that an object of functions handles, each with its endpoint.
 *
 * @throws TypeError for a function that is named like no event of the contract, and when there is none at all.
 */
export function handledEvents(
	contract: AnyContract,
	handlers: object,
	layers: HandlerLayers,
): readonly HandledEvent[] {
	const { name: topic, events } = contract["~allium"];
	const handled: HandledEvent[] = [];
	for (const [name, handler] of Object.entries(handlers)) {
		const type = events.find((event) => event.name === name);
		if (handler === undefined) continue;
		if (type === undefined) throw noEvent(topic, name, events);
		if (!isHandler(handler)) throw new TypeError(`the handler of ${type.type} is not a function`);
		handled.push({ type, endpoint: handlerEndpoint(type, handler.bind(handlers), layers) });
	}
	if (handled.length === 0) throw new TypeError(`subscribe() of "${topic}" was given no handler`);
	return handled;
}

function noEvent(topic: string, name: string, events: readonly AnyEvent[]): TypeError {
	const names = events.map((event) => event.name).join(", ");
	const has = names === "" ? "the contract declares none" : `its events are ${names}`;
	return new TypeError(`"${topic}" has no event "${name}" that could be handled; ${has}`);
}

function isHandler(value: unknown): value is Handler {
	return typeof value === "function";
}

/** The onion of one event: outermost → upcast and check → middleware → handler. */
function handlerEndpoint(type: AnyEvent, handler: Handler, layers: HandlerLayers): Endpoint {
	const called: Endpoint = (data, ctx) => Promise.try(handler, data, ctx);
	const inner = checkedChain("the subscription's middleware", layers.middleware)(called, type);
	const checked: Endpoint = (data, ctx) => {
		try {
			const { id, version } = delivery(ctx);
			return withEventRead(type, { id, version, data }, (data) => inner(data, ctx));
		} catch (error) {
			return Promise.reject(error);
		}
	};
	return checkedChain("the handler's outer middleware", layers.outermost)(checked, type);
}

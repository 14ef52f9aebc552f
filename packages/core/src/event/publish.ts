import type { Context } from "../context/context.ts";
import type { EventValue } from "../contract/event.ts";
import type { Receipt } from "./log.ts";

/**
 * Publishes events. When it resolves, they are as durable as the broker can make them. Several events must be of one
 * contract, and are published all or none if the broker can do that. Pass on the context of the handler: the ids, the
 * trace and the metadata of the events are derived from it, and so is the deadline.
 *
 * Rejects with `invalid_argument` for data that the schema refuses, `resource_exhausted` when too much is on its way
 * or an event is too large, `unavailable` while the broker does not answer, and `deadline_exceeded`.
 *
 * A plain function, so that a service takes it as a dependency, and a test gives its own.
 *
 * @example
 * await publish(Matches.started({ id, size: 19 }), ctx);
 */
export type Publish = (
	events: EventValue | readonly EventValue[],
	ctx?: Context,
) => Promise<readonly Receipt[]>;

/**
 * Wraps the publishing of events. The events have their ids already, so that the middleware may pass them on more than
 * once.
 */
export type PublishMiddleware = (next: Publish) => Publish;

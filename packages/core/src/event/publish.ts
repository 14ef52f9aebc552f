import type { Context } from "../context/context.ts";
import type { EventValue } from "../contract/event.ts";
import type { Receipt } from "./log.ts";

/**
 * Publishes events. They are durable, as far as the broker goes, when it resolves. Several events are of one contract,
 * and are published all or none where the broker can. Pass the context of the handler on: ids, trace and metadata
 * of what is published follow from it, and so does the deadline.
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

import type { Logger } from "@allium/core";
import type { BodyBounds } from "../http/body.ts";
import type { CallDeadlines } from "./call-deadlines.ts";

/** The state that exchanges share: the bounds of the port, and the count of requests under way on it. */
export interface ExchangeHost {
	readonly logger: Logger;
	readonly bodyBounds: BodyBounds;
	readonly deadlines: CallDeadlines;
	/** Whether the port takes no new connections, and answers end their own. */
	readonly draining: boolean;
	/** A request has arrived that must be answered before the port has drained. */
	entered(): void;
	/** Its answer has left, or its client is gone. */
	left(): void;
	/** A handler set several values for a response header that may occur only once. */
	repeatsHeader(header: string, method: string | undefined): void;
}

/**
 * The reader of HTTP/1.1 requests. `strict` reads requests within a strict subset of HTTP itself, about twice as fast,
 * and leaves all others to Node. `node` leaves all requests to Node.
 */
export type HttpReader = (typeof httpReaders)[number];

/** All readers of HTTP/1.1. */
export const httpReaders = ["strict", "node"] as const;

/** The reader of a server that is told none. */
export const defaultHttpReader: HttpReader = "strict";

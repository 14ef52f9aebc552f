/**
 * What reads requests of HTTP/1.1: `strict` reads those that keep to a strict subset of HTTP itself, about twice as fast,
 * and leaves the others to Node; `node` leaves all of them to Node.
 */
export type HttpReader = (typeof httpReaders)[number];

/** All readers of HTTP/1.1. */
export const httpReaders = ["strict", "node"] as const;

/** The reader of a server that is told none. */
export const defaultHttpReader: HttpReader = "strict";

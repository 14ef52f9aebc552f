import { after, type Middleware, ResponseMetadata } from "allium";

/** The metadata with the positions of events. */
const name = "allium-position";

/**
 * Passes on the positions of events, for the services between a caller and the ledger. Their callees wait for the
 * positions that a caller waits for, and the caller gets the positions of events that their callees wrote. So a phone
 * that sends back the position of a payment finds that payment in the feed, although neither of the two services that
 * it asks keeps anything.
 */
export const passPositions: Middleware = (next) => async (input, ctx) => {
	const received = new ResponseMetadata();
	const output = await next(input, after(ctx.withResponse(received), ctx.metadata));
	for (const position of received.headers.getAll(name)) ctx.response.headers.append(name, position);
	return output;
};

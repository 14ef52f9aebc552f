import { after, type Middleware, ResponseMetadata } from "allium";

/** The metadata that tells where events lie. */
const name = "allium-position";

/**
 * Passes on where events lie, for the services between a caller and the ledger. What a caller waits for, their callees
 * wait for, too; and what their callees wrote, the caller is told. So a phone that sends back what it was told with a
 * payment finds that payment in the feed, though neither of the two services that it asks keeps anything.
 */
export const passPositions: Middleware = (next) => async (input, ctx) => {
	const received = new ResponseMetadata();
	const output = await next(input, after(ctx.withResponse(received), ctx.metadata));
	for (const position of received.headers.getAll(name)) ctx.response.headers.append(name, position);
	return output;
};

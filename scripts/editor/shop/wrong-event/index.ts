import {
	type Client,
	contract,
	Endpoints,
	event,
	type FitsHandlers,
	type Handlers,
	method,
	type Service,
} from "@allium/core";
import * as z from "zod";

const Sale = z.object({ article: z.string(), pieces: z.int(), to: z.string().optional() });
const cents = z.codec(z.string(), z.number(), { decode: Number, encode: String });

const Stock = contract("stock", {
	take: method({ input: z.object({ article: z.string() }) }),
	sold: event({ key: "article", data: Sale }),
});
export const declared = [
	event({ key: "pieces", data: Sale }),
	event({ key: "to", data: Sale }),
	event({ key: "color", data: Sale }),
	event({ data: z.object({ since: z.date() }) }),
	event({ data: z.object({ lines: z.array(z.object({ cents })) }) }),
	event({ data: z.string().transform(Number) }),
	event({ data: Sale, version: 2, upcast: { 1: () => ({ article: "book" }) } }),
	event({ data: Sale, version: 3, upcast: { 3: () => ({}) } }),
	event({ data: Sale, upcast: { 0: () => ({}) } }),
];

declare const stock: Service<typeof Stock>;
declare const client: Client<typeof Stock>;
declare function subscribe<C extends typeof Stock, H>(
	contract: C,
	handlers: FitsHandlers<C, H> & Handlers<C>,
): void;

Stock.sold({ article: "book", pieces: "one" });
client.sold({ article: "book", pieces: 1 });
new Endpoints().serve(Stock, { ...stock, async sold() {} });
export const served: Service<typeof Stock> = { async take() {}, async sold() {} };
subscribe(Stock, { async sold() {}, async withdrew() {} });
subscribe(Stock, { async take() {} });
const typo = { async soled() {} };
subscribe(Stock, typo);
const wrong = { async sold(_: { article: number }) {} };
subscribe(Stock, wrong);
subscribe(Stock, { sold: ({ color }) => console.log(color) });
export const handlers: Handlers<typeof Stock> = { async withdrawn() {} };

import { contract, event, method, stream } from "@allium/core";
import { get, post, put, routes } from "@allium/core/http";
import * as z from "zod";

const Stock = contract("stock", {
	take: method({
		input: z.object({ article: z.string() }),
		errors: { too_few: { code: "failed_precondition" } },
	}),
	watch: method({ output: stream(z.string()), effect: "read" }),
	sold: event({ data: z.object({ article: z.string() }) }),
});

export const notRead = routes(Stock, {
	take: get("/stock/{article}/taken"),
});
export const oneOfTwo = routes(Stock, {
	take: [post("/stock/{article}/taken"), get("/taken")],
});
export const many = routes(Stock, {
	watch: get("/stock/watch"),
});
export const notThere = routes(Stock, {
	give: post("/stock/{article}/given"),
});
export const parameter = routes(Stock, {
	take: put("/stock/{sku}/taken"),
});
export const template = routes(Stock, {
	take: put("/stock", { errors: { too_many: { status: 409 } } }),
});
export const ofEvent = routes(Stock, {
	sold: put("/stock/{article}/sold"),
});

import type { EventOf, Service } from "@allium/core";
import { get, post, routes } from "@allium/core/http";
import { Stock } from "@shop/contract";

export const stockService: Service<typeof Stock> = {
	async count({ article }) {
		return { pieces: article.length };
	},
	async take({ pieces }, ctx) {
		ctx.signal.throwIfAborted();
		if (pieces > 9) throw Stock.take.error.too_few({ left: 9 });
		return { left: 9 - pieces };
	},
	async *watch({ below }) {
		yield { article: `article ${below}` };
	},
};

export const stockRoutes = routes(Stock, {
	count: get("/stock/{article}"),
	take: post("/stock/{article}/taken", { errors: { too_few: { status: 409 } } }),
});

export function sale(article: string): EventOf<typeof Stock> {
	return Stock.sold({ article });
}

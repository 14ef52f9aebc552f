import { contract, Endpoints, method, type Service, stream } from "@allium/core";
import * as z from "zod";

const Stock = contract("stock", {
	count: method({ input: z.object({ article: z.string() }), output: z.object({ pieces: z.int() }) }),
	take: method({ input: z.object({ article: z.string() }) }),
	watch: method({ output: stream(z.string()) }),
});
const Prices = contract("prices", {
	of: method({ input: z.object({ article: z.string() }), output: z.object({ cents: z.int() }) }),
	watch: method({ output: stream(z.string()) }),
});

declare const stock: Service<typeof Stock>;
declare const other: Service<typeof Prices>;
const wrong = { ...stock, count: async (): Promise<{ pieces: string }> => ({ pieces: "three" }) };

const endpoints = new Endpoints();
endpoints.serve(Stock, stock);
endpoints.serve(Stock, other);
endpoints.serve(Stock, wrong);
endpoints.serve(Stock, {
	count: async ({ article }) => ({ pieces: article.length }),
	async take({ article }, ctx) {
		ctx.metadata.get(article);
	},
	async *watch() {
		yield "article";
	},
});

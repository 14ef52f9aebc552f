import { type Client, isError } from "@allium/core";
import { Stock } from "@shop/contract";

export async function order(stock: Client<typeof Stock>): Promise<number> {
	const { pieces } = await stock.count({ article: "book" });
	try {
		const { left } = await stock.take({ article: "book", pieces });
		return left;
	} catch (error) {
		if (isError(error, Stock.take.error.too_few)) return error.data.left;
		if (isError(error, Stock.take.error.closed)) return 0;
		throw error;
	}
}

export async function watch(stock: Client<typeof Stock>): Promise<void> {
	for await (const { article } of stock.watch({ below: 3 })) console.log(article);
}

import { type Client, type Handlers, isError } from "@allium/core";
import { Stock } from "@shop/published";

export async function buy(stock: Client<typeof Stock>): Promise<number> {
	try {
		return (await stock.take({ article: "book", pieces: 1 })).left;
	} catch (error) {
		if (isError(error, Stock.take.error.too_few)) return error.data.left;
		throw error;
	}
}

export const sales: Handlers<typeof Stock> = {
	sold: ({ pieces }) => console.log(pieces),
};

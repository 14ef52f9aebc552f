import type { Handlers } from "@allium/core";
import { Stock } from "@shop/contract";

export const orders: Handlers<typeof Stock> = {
	async sold({ article, pieces }) {
		console.log(`${pieces} of ${article}`);
	},
};

export const type: string = Stock.sold.type;
